// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"time"
)

// helloFields is what a test may set in the hello; the rest follows the spec.
type helloFields struct {
	Version    *string  `json:"version"`
	Tags       []string `json:"tags"`
	Reachable  bool     `json:"reachable"`
	ListenAddr string   `json:"listen_addr"`
}

// options of one connection: the good ones first, then the many ways to
// misbehave.  Bad holds names; see handshakeOptions and buildHello.
type options struct {
	Hello     helloFields `json:"hello"`
	Keepalive *bool       `json:"keepalive"` // default: yes
	Source    string      `json:"source"`    // local address to dial from
	Ephemeral string      `json:"ephemeral"` // fixed Noise ephemeral, hex

	Deaf     bool   `json:"deaf"` // after the hello nothing is read
	Bad      string `json:"bad"`
	Point    string `json:"point"`     // for low-e and low-s, hex
	HelloHex string `json:"hello_hex"` // this payload instead of a hello
	DripMS   int    `json:"drip_ms"`   // one byte each so many ms ...
	DripFrom string `json:"drip_from"` // ... from "noise" or "hello" on
	HSLen    int    `json:"hs_len"`    // bad=hs-length: bytes of message
}

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func (o *options) handshakeOptions() noiseOptions {
	n := noiseOptions{}
	if o.Ephemeral != "" {
		n.rng = bytes.NewReader(mustHex(o.Ephemeral))
	}
	switch o.Bad {
	case "low-e":
		n.lowE = mustHex(o.Point)
	case "low-s":
		n.lowS = mustHex(o.Point)
	case "top-bit-s":
		n.topBitS = true
	case "hs-payload":
		n.payload = []byte("a payload to be thrown away")
	case "hs-corrupt-2":
		n.corrupt = 2
	case "hs-corrupt-3":
		n.corrupt = 3
	case "hs-silent-1":
		n.stopAfter = 1
	case "hs-silent-2":
		n.stopAfter = 2
	}
	return n
}

// dripConn sends one byte at a time, slowly.
type dripConn struct {
	net.Conn
	pause time.Duration
}

func (d *dripConn) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
		time.Sleep(d.pause)
	}
	return len(b), nil
}

// buildHello makes the hello (or ack) of id as the payload of a frame.
func buildHello(id *identity, msgType uint32, o *options) []byte {
	if o.HelloHex != "" {
		return mustHex(o.HelloHex)
	}
	h := hello{NodeID: id.node, Version: "0.1.0", Tags: o.Hello.Tags,
		Reachable: o.Hello.Reachable, ListenAddr: o.Hello.ListenAddr, Pubkey: id.pub}
	if o.Hello.Version != nil {
		h.Version = *o.Hello.Version
	}
	e := envelope{MessageID: newUUID(), SenderID: id.node, HopCount: 1, MsgType: msgType}
	signer := id
	other, err := newIdentity(nil)
	if err != nil {
		panic(err)
	}
	switch o.Bad {
	case "hello-envelope":
		return []byte{0xff, 0xff, 0xff, 0xff}
	case "hello-envelope-utf8":
		e.MessageID = "\xff\xfe"
	case "hello-empty":
		return nil
	case "hello-type":
		e.MsgType = 3 - msgType
	case "hello-type-unknown":
		e.MsgType = 77
	case "hello-sender":
		e.SenderID = other.node
	case "hello-nodeid":
		h.NodeID, e.SenderID = other.node, other.node
	case "hello-nodeid-upper":
		h.NodeID = string(bytes.ToUpper([]byte(id.node)))
		e.SenderID = h.NodeID
	case "hello-x25519":
		// All in order, but for an identity that is not this session's.
		h.NodeID, h.Pubkey, e.SenderID, signer = other.node, other.pub, other.node, other
	case "hello-key-short":
		h.Pubkey = id.pub[:31]
	case "hello-utf8":
		h.Version = "\xc3\x28"
	case "hello-other-key":
		h.Pubkey = other.pub
	}
	e.Payload = h.encode()
	if o.Bad == "hello-payload" {
		e.Payload = []byte{0x0a, 0x7f, 0x01}
	}
	e.sign(signer)
	if o.Bad == "hello-signature" {
		e.Signature[0] ^= 1
	}
	return e.encode()
}

// checkHello applies the checks of section 3.5 in their order.
func checkHello(payload []byte, want uint32, remote []byte) (*hello, error) {
	e, err := decodeEnvelope(payload)
	if err != nil {
		return nil, fmt.Errorf("unmarshal hello envelope: %w", err)
	}
	if e.MsgType != want {
		return nil, fmt.Errorf("expected msg_type %d, got %d", want, e.MsgType)
	}
	h, err := decodeHello(e.Payload)
	if err != nil {
		return nil, fmt.Errorf("unmarshal hello: %w", err)
	}
	if !e.verify(h.Pubkey) {
		return nil, errors.New("invalid signature on hello")
	}
	if e.SenderID != h.NodeID {
		return nil, errors.New("sender_id mismatch")
	}
	if nodeID(h.Pubkey) != h.NodeID {
		return nil, errors.New("node_id mismatch")
	}
	x, err := xPublic(ed25519.PublicKey(h.Pubkey))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(x, remote) {
		return nil, errors.New("x25519 key mismatch")
	}
	return h, nil
}

// sendHello writes our hello, or what stands for it in a bad one.
func (c *conn) sendHello(msgType uint32) error {
	if c.o.DripFrom == "hello" {
		c.s.tcp = &dripConn{c.s.tcp, time.Duration(c.o.DripMS) * time.Millisecond}
	}
	payload := buildHello(c.p.id, msgType, c.o)
	f := frameBytes(payload)
	switch c.o.Bad {
	case "hello-silent":
		return errStopped
	case "hello-early-keepalive":
		if err := c.s.writeFrame([]byte{0x28, typeKeepalive}); err != nil {
			return err
		}
	case "hello-magic":
		f[0] = 0xff
	case "hello-version":
		f[3] = 2
	case "hello-oversize":
		copy(f[4:], []byte{0x00, 0x10, 0x00, 0x01})
	case "hello-half":
		if err := c.s.writeMessage(f[:len(f)/2]); err != nil {
			return err
		}
		return errStopped
	case "hello-noise-oversize":
		_, err := c.s.tcp.Write([]byte{0x00, 0x10, 0x00, 0x19})
		return stoppedOr(err)
	case "hello-noise-short":
		_, err := c.s.tcp.Write([]byte{0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		return stoppedOr(err)
	case "hello-noise-corrupt":
		_, err := c.s.tcp.Write(append([]byte{0, 0, 0, 32}, make([]byte, 32)...))
		return stoppedOr(err)
	case "hello-flood":
		// More than a stranger may send before it is known.
		for i := 0; i < 64; i++ {
			m := make([]byte, 16384)
			if i == 0 {
				copy(m, "\x4d\x49\x00\x01\x00\x10\x00\x00")
			}
			if err := c.s.writeMessage(m); err != nil {
				return err
			}
		}
		return errStopped
	case "hello-split":
		for i := range f {
			if err := c.s.writeMessage(f[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	c.sent = payload
	return c.s.writeMessage(f)
}

func stoppedOr(err error) error {
	if err != nil {
		return err
	}
	return errStopped
}

func (c *conn) readHello(msgType uint32) error {
	payload, err := c.s.readFrame()
	if err != nil {
		return fmt.Errorf("read hello frame: %w", err)
	}
	c.raw = payload
	c.hello, err = checkHello(payload, msgType, c.s.remote)
	return err
}

// doHello is the exchange of section 3.5; the initiator speaks first.
func (c *conn) doHello() error {
	if c.initiator {
		if err := c.sendHello(typeHello); err != nil {
			return err
		}
		return c.readHello(typeHelloAck)
	}
	if err := c.readHello(typeHello); err != nil {
		return err
	}
	return c.sendHello(typeHelloAck)
}
