// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// conn is one connection through all its stages.
type conn struct {
	p         *program
	name      string
	o         *options
	initiator bool
	tcp       net.Conn
	s         *session
	hello     *hello
	raw       []byte // payload of the frame with the other side's hello
	sent      []byte // and of ours
	start     time.Time
	mu        sync.Mutex // guards writes of s and lastWrite
	lastWrite time.Time
	done      chan struct{}
}

const (
	helloDeadline = 10 * time.Second
	idleTimeout   = 60 * time.Second
	keepaliveTime = 20 * time.Second
)

func (c *conn) event(name string, f map[string]any) {
	if f == nil {
		f = map[string]any{}
	}
	f["conn"] = c.name
	f["ms"] = time.Since(c.start).Milliseconds()
	c.p.event(name, f)
}

// run takes a connection from TCP to its end and reports each stage.
func (c *conn) run() {
	defer close(c.done)
	stage, err := c.establish()
	if err == nil {
		stage = "steady"
		c.event("up", map[string]any{"node": c.hello.NodeID, "version": c.hello.Version,
			"tags": c.hello.Tags, "reachable": c.hello.Reachable,
			"listen_addr": c.hello.ListenAddr, "pub": hex.EncodeToString(c.hello.Pubkey),
			"hash": hex.EncodeToString(c.s.hash), "raw": hex.EncodeToString(c.raw),
			"sent": hex.EncodeToString(c.sent)})
		if c.o.Keepalive == nil || *c.o.Keepalive {
			go c.keepalives()
		}
		if c.o.Deaf {
			select {} // and nobody hears of its end either
		}
		err = c.receive()
	} else if errors.Is(err, errStopped) {
		// Silent now: wait until the other side ends it.
		c.event("stopped", map[string]any{"stage": stage})
		_, err = io.Copy(io.Discard, c.tcp)
		if err == nil {
			err = io.EOF
		}
	}
	c.tcp.Close()
	c.event("closed", map[string]any{"stage": stage, "error": fmt.Sprint(err)})
}

// establish returns the stage it failed in.
func (c *conn) establish() (string, error) {
	switch c.o.Bad {
	case "tcp-silent":
		return "tcp", errStopped
	case "hs-length":
		msg := make([]byte, c.o.HSLen)
		binary.BigEndian.PutUint16(msg[:2], 9) // a point like any other
		return "noise", stoppedOr(writeHandshake(c.tcp, msg))
	case "hs-garbage":
		_, err := c.tcp.Write([]byte("GET / HTTP/1.1\r\nHost: here\r\n\r\n"))
		return "noise", stoppedOr(err)
	case "hs-half":
		_, err := c.tcp.Write([]byte{0, 32, 1, 2, 3})
		return "noise", stoppedOr(err)
	}
	tcp := c.tcp
	if c.o.DripFrom == "noise" {
		tcp = &dripConn{tcp, time.Duration(c.o.DripMS) * time.Millisecond}
	}
	var err error
	c.s, err = handshake(tcp, c.p.id, c.initiator, c.o.handshakeOptions())
	if err != nil {
		return "noise", err
	}
	c.event("noise", map[string]any{"hash": hex.EncodeToString(c.s.hash)})
	if c.o.Bad == "" {
		c.tcp.SetDeadline(time.Now().Add(helloDeadline))
		defer c.tcp.SetDeadline(time.Time{})
	}
	return "hello", c.doHello()
}

func (c *conn) keepalives() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-t.C:
		}
		c.mu.Lock()
		due := time.Since(c.lastWrite) >= keepaliveTime
		c.mu.Unlock()
		if due && c.writeFrame([]byte{0x28, typeKeepalive}) != nil {
			return
		}
	}
}

func (c *conn) writeMessage(plain []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastWrite = time.Now()
	return c.s.writeMessage(plain)
}

func (c *conn) writeFrame(payload []byte) error {
	return c.writeMessage(frameBytes(payload))
}

// receive reports every frame until the connection ends.
func (c *conn) receive() error {
	for {
		if c.o.Bad == "" {
			c.tcp.SetReadDeadline(time.Now().Add(idleTimeout))
		}
		payload, err := c.s.readFrame()
		if err != nil {
			return err
		}
		c.report(payload)
	}
}

func (c *conn) report(payload []byte) {
	e, err := decodeEnvelope(payload)
	if err != nil {
		c.event("undecodable", map[string]any{"error": err.Error(), "len": len(payload)})
		return
	}
	f := map[string]any{"id": e.MessageID, "sender": e.SenderID, "hop": e.HopCount,
		"type": e.MsgType, "lamport": e.LamportTS, "len": len(payload),
		"unknown": hex.EncodeToString(e.Unknown),
		"pub":     hex.EncodeToString(e.SenderPubkey)}
	if len(payload) <= 4096 {
		f["raw"] = hex.EncodeToString(payload)
	}
	switch e.MsgType {
	case typeKeepalive:
		c.event("keepalive", f)
	case typeExchange:
		f["signed"] = e.verify(c.hello.Pubkey)
		peers, err := decodeExchange(e.Payload)
		if err != nil {
			f["error"] = err.Error()
		}
		list := []map[string]any{}
		for _, p := range peers {
			list = append(list, map[string]any{"node": p.NodeID, "addr": p.Addr,
				"reachable": p.Reachable, "pub": hex.EncodeToString(p.Pubkey),
				"last_seen": p.LastSeen})
		}
		f["peers"] = list
		c.event("exchange", f)
	case typeChat:
		f["signed"] = e.verify(e.SenderPubkey) && nodeID(e.SenderPubkey) == e.SenderID
		m, err := decodeChat(e.Payload)
		if err != nil {
			f["error"] = err.Error()
		} else {
			f["nick"], f["text"], f["time"] = m.Nick, m.Text, m.Timestamp
		}
		c.event("chat", f)
	default:
		f["signed"] = e.verify(e.SenderPubkey) && nodeID(e.SenderPubkey) == e.SenderID
		f["payload"] = hex.EncodeToString(e.Payload)
		c.event("message", f)
	}
}
