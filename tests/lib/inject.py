# SPDX-License-Identifier: MIT
"""
Make a running process do a system call, with its own rights and under its
own filter: the program under test is the one people run, no special build.
Needs root (the daemons are not dumpable) and x86-64.
"""
import ctypes
import errno
import os
import signal

ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP = 16, 17, 12, 13, 9
NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax "
         "rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()

NR = {"read": 0, "open": 2, "mmap": 9, "mprotect": 10, "dup": 32,
      "socket": 41, "connect": 42, "bind": 49, "listen": 50, "clone": 56,
      "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "setuid": 105,
      "ptrace": 101, "setresuid": 117, "prctl": 157, "mount": 165,
      "tkill": 200, "tgkill": 234, "getpid": 39, "openat": 257,
      "unlinkat": 263, "process_vm_readv": 310, "seccomp": 317, "bpf": 321,
      "execveat": 322, "io_uring_setup": 425, "pidfd_open": 434,
      "pidfd_send_signal": 424, "clone3": 435, "pidfd_getfd": 438,
      "memfd_create": 319, "inotify_init1": 294, "keyctl": 250}


class Regs(ctypes.Structure):
    _fields_ = [(n, ctypes.c_ulonglong) for n in NAMES]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                         ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request, pid, addr=None, data=None):
    if _libc.ptrace(request, pid, addr, data) == -1:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e))


def _wait_stop(pid):
    """None when stopped, else the signal that ended it."""
    _, status = os.waitpid(pid, 0x40000000)     # __WALL
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.WIFSTOPPED(status), status
    return None


def syscall(pid, name, *args):
    """
    Result of the call in process pid: a number, "EACCES" and the like, or
    "killed".  bytes among the arguments are put into its memory (its stack,
    far below what it uses).
    """
    _ptrace(ATTACH, pid)
    assert _wait_stop(pid) is None
    saved, regs = Regs(), Regs()
    _ptrace(GETREGS, pid, None, ctypes.addressof(saved))
    ctypes.memmove(ctypes.addressof(regs), ctypes.addressof(saved),
                   ctypes.sizeof(regs))
    values, at = [], (saved.rsp - 16384) & ~15
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as mem:
        mem.seek(saved.rip - 2)
        assert mem.read(2) == b"\x0f\x05", "not stopped in a system call"
        for a in args:
            if isinstance(a, bytes):
                mem.seek(at)
                mem.write(a + b"\0")
                a, at = at, at + len(a) + 16 & ~15
            values.append(a & (1 << 64) - 1)
    for reg, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"),
                          values + [0] * 6):
        setattr(regs, reg, value)
    regs.rax, regs.orig_rax, regs.rip = NR[name], (1 << 64) - 1, saved.rip - 2
    _ptrace(SETREGS, pid, None, ctypes.addressof(regs))
    _ptrace(SINGLESTEP, pid)
    ended = _wait_stop(pid)
    if ended is not None:
        return "killed" if ended == signal.SIGSYS else f"signal {ended}"
    _ptrace(GETREGS, pid, None, ctypes.addressof(regs))
    result = ctypes.c_longlong(regs.rax).value
    _ptrace(SETREGS, pid, None, ctypes.addressof(saved))
    _ptrace(DETACH, pid)
    if -4096 < result < 0:
        return errno.errorcode.get(-result, str(result))
    return result
