// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// program is the state behind the command line: one identity, connections
// by name.
type program struct {
	id    *identity
	out   sync.Mutex
	mu    sync.Mutex
	conns map[string]*conn
	count int
}

// command is one line of input.  Cmd: id, listen, dial, send, flood, drip,
// plain, raw, close, encode.  Each is answered by an event with its seq.
type command struct {
	Cmd      string    `json:"cmd"`
	Seq      int       `json:"seq"`
	Seed     string    `json:"seed"`
	Addr     string    `json:"addr"`
	Conn     string    `json:"conn"`
	Options  options   `json:"options"`
	Message  message   `json:"message"`
	Messages []message `json:"messages"` // send: packed into one message
	Hex      []string  `json:"hex"`      // plain: Noise messages; raw: bytes
	Reset    bool      `json:"reset"`    // close: with RST
	Count    int       `json:"count"`    // flood: so many messages
	Same     bool      `json:"same"`     // ... all the same
	Mint     bool      `json:"mint"`     // ... of an author each
}

func (p *program) event(name string, f map[string]any) {
	if f == nil {
		f = map[string]any{}
	}
	f["ev"] = name
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	p.out.Lock()
	defer p.out.Unlock()
	os.Stdout.Write(append(b, '\n'))
}

func (p *program) newConn(name string, tcp net.Conn, o *options, initiator bool) *conn {
	c := &conn{p: p, name: name, o: o, initiator: initiator, tcp: tcp,
		start: time.Now(), lastWrite: time.Now(), done: make(chan struct{})}
	p.mu.Lock()
	p.conns[name] = c
	p.mu.Unlock()
	return c
}

func (p *program) listen(cmd *command) (map[string]any, error) {
	l, err := net.Listen("tcp", cmd.Addr)
	if err != nil {
		return nil, err
	}
	o := cmd.Options
	go func() {
		for {
			tcp, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.count++
			name := fmt.Sprintf("in%d", p.count)
			p.mu.Unlock()
			c := p.newConn(name, tcp, &o, false)
			c.event("accepted", map[string]any{"from": tcp.RemoteAddr().String()})
			go c.run()
		}
	}()
	return map[string]any{"addr": l.Addr().String()}, nil
}

func (p *program) dial(cmd *command) (map[string]any, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	if cmd.Options.Source != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(cmd.Options.Source)}
	}
	tcp, err := d.Dial("tcp", cmd.Addr)
	if err != nil {
		return nil, err
	}
	if t, ok := tcp.(*net.TCPConn); ok && cmd.Options.Deaf {
		t.SetReadBuffer(4096)
	}
	go p.newConn(cmd.Conn, tcp, &cmd.Options, true).run()
	return nil, nil
}

func (p *program) send(c *conn, cmd *command) (map[string]any, error) {
	if len(cmd.Messages) == 0 {
		id, err := cmd.Message.send(c)
		return map[string]any{"id_hex": id}, err
	}
	var packed []byte
	for i := range cmd.Messages {
		b, _, err := cmd.Messages[i].encode(p.id)
		if err != nil {
			return nil, err
		}
		packed = append(packed, frameBytes(b)...)
	}
	return nil, c.writeMessage(packed)
}

func (p *program) onConn(cmd *command) (map[string]any, error) {
	p.mu.Lock()
	c := p.conns[cmd.Conn]
	p.mu.Unlock()
	if c == nil {
		return nil, fmt.Errorf("no connection %q", cmd.Conn)
	}
	switch cmd.Cmd {
	case "send":
		return p.send(c, cmd)
	case "flood":
		return p.flood(c, cmd)
	case "drip":
		return p.drip(c, cmd)
	case "plain":
		for _, h := range cmd.Hex {
			if err := c.writeMessage(mustHex(h)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "raw":
		for _, h := range cmd.Hex {
			if _, err := c.tcp.Write(mustHex(h)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "close":
		if t, ok := c.tcp.(*net.TCPConn); ok && cmd.Reset {
			t.SetLinger(0)
		}
		return nil, c.tcp.Close()
	}
	return nil, fmt.Errorf("no command %q", cmd.Cmd)
}

func (p *program) do(cmd *command) (map[string]any, error) {
	switch cmd.Cmd {
	case "id":
		var seed []byte
		if cmd.Seed != "" {
			seed = mustHex(cmd.Seed)
		}
		id, err := newIdentity(seed)
		if err != nil {
			return nil, err
		}
		p.id = id
		return map[string]any{"node": id.node, "pub": hex.EncodeToString(id.pub)}, nil
	case "encode":
		b, id, err := cmd.Message.encode(p.id)
		return map[string]any{"frame": hex.EncodeToString(frameBytes(b)), "id_hex": id}, err
	case "listen":
		return p.listen(cmd)
	case "dial":
		return p.dial(cmd)
	}
	return p.onConn(cmd)
}

func main() {
	p := &program{conns: map[string]*conn{}}
	var err error
	if p.id, err = newIdentity(nil); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(70)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var cmd command
		if err := json.Unmarshal(in.Bytes(), &cmd); err != nil {
			fmt.Fprintln(os.Stderr, "peer: bad command:", err)
			os.Exit(64)
		}
		f, err := p.do(&cmd)
		if f == nil {
			f = map[string]any{}
		}
		f["seq"] = cmd.Seq
		if err != nil {
			f["error"] = err.Error()
		}
		p.event("done", f)
	}
}
