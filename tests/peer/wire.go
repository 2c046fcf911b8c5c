// SPDX-License-Identifier: MIT

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Message types (wire v1, section 3.4).
const (
	typeHello     = 1
	typeHelloAck  = 2
	typeChat      = 3
	typeExchange  = 4
	typeKeepalive = 5
)

type envelope struct {
	MessageID    string
	SenderID     string
	LamportTS    uint64
	HopCount     uint32
	MsgType      uint32
	Payload      []byte
	Signature    []byte
	SenderPubkey []byte
	Unknown      []byte // kept, and written after the known fields
}

type hello struct {
	NodeID     string
	Version    string
	Tags       []string
	Reachable  bool
	ListenAddr string
	Pubkey     []byte
}

type chat struct {
	Nick      string
	Text      string
	Timestamp uint64
}

type peerInfo struct {
	NodeID    string
	Addr      string
	Reachable bool
	Pubkey    []byte
	LastSeen  uint64
}

func putString(b []byte, n protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func putBytes(b []byte, n protowire.Number, s []byte) []byte {
	if len(s) == 0 {
		return b
	}
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func putUint(b []byte, n protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

func putBool(b []byte, n protowire.Number, v bool) []byte {
	return putUint(b, n, protowire.EncodeBool(v))
}

func (e *envelope) encode() []byte {
	b := putString(nil, 1, e.MessageID)
	b = putString(b, 2, e.SenderID)
	b = putUint(b, 3, e.LamportTS)
	b = putUint(b, 4, uint64(e.HopCount))
	b = putUint(b, 5, uint64(e.MsgType))
	b = putBytes(b, 6, e.Payload)
	b = putBytes(b, 7, e.Signature)
	b = putBytes(b, 8, e.SenderPubkey)
	return append(b, e.Unknown...)
}

func (h *hello) encode() []byte {
	b := putString(nil, 1, h.NodeID)
	b = putString(b, 2, h.Version)
	for _, t := range h.Tags {
		b = protowire.AppendString(protowire.AppendTag(b, 3, protowire.BytesType), t)
	}
	b = putBool(b, 4, h.Reachable)
	b = putString(b, 5, h.ListenAddr)
	return putBytes(b, 6, h.Pubkey)
}

func (c *chat) encode() []byte {
	b := putString(nil, 1, c.Nick)
	b = putString(b, 2, c.Text)
	return putUint(b, 3, c.Timestamp)
}

func (p *peerInfo) encode() []byte {
	b := putString(nil, 1, p.NodeID)
	b = putString(b, 2, p.Addr)
	b = putBool(b, 3, p.Reachable)
	b = putBytes(b, 4, p.Pubkey)
	return putUint(b, 5, p.LastSeen)
}

func encodeExchange(peers []peerInfo) []byte {
	var b []byte
	for i := range peers {
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendBytes(b, peers[i].encode())
	}
	return b
}

var errUTF8 = errors.New("invalid UTF-8 in a string field")

// fields calls known for every field it declares (true: it took the field);
// everything else, a known number with another wire type too, is returned.
func fields(b []byte, known func(n protowire.Number, t protowire.Type, v []byte, u uint64) (bool, error)) ([]byte, error) {
	var rest []byte
	for len(b) > 0 {
		n, t, tl := protowire.ConsumeTag(b)
		if tl < 0 {
			return nil, protowire.ParseError(tl)
		}
		var v []byte
		var u uint64
		vl := 0
		switch t {
		case protowire.BytesType:
			v, vl = protowire.ConsumeBytes(b[tl:])
		case protowire.VarintType:
			u, vl = protowire.ConsumeVarint(b[tl:])
		default:
			vl = protowire.ConsumeFieldValue(n, t, b[tl:])
		}
		if vl < 0 {
			return nil, protowire.ParseError(vl)
		}
		took, err := known(n, t, v, u)
		if err != nil {
			return nil, err
		}
		if !took {
			rest = append(rest, b[:tl+vl]...)
		}
		b = b[tl+vl:]
	}
	return rest, nil
}

func takeString(dst *string, v []byte) error {
	if !utf8.Valid(v) {
		return errUTF8
	}
	*dst = string(v)
	return nil
}

func takeBytes(dst *[]byte, v []byte) {
	*dst = append([]byte(nil), v...)
}

func decodeEnvelope(b []byte) (*envelope, error) {
	e := &envelope{}
	rest, err := fields(b, func(n protowire.Number, t protowire.Type, v []byte, u uint64) (bool, error) {
		isBytes, isUint := t == protowire.BytesType, t == protowire.VarintType
		switch {
		case n == 1 && isBytes:
			return true, takeString(&e.MessageID, v)
		case n == 2 && isBytes:
			return true, takeString(&e.SenderID, v)
		case n == 3 && isUint:
			e.LamportTS = u
		case n == 4 && isUint:
			e.HopCount = uint32(u)
		case n == 5 && isUint:
			e.MsgType = uint32(u)
		case n == 6 && isBytes:
			takeBytes(&e.Payload, v)
		case n == 7 && isBytes:
			takeBytes(&e.Signature, v)
		case n == 8 && isBytes:
			takeBytes(&e.SenderPubkey, v)
		default:
			return false, nil
		}
		return true, nil
	})
	e.Unknown = rest
	return e, err
}

func decodeHello(b []byte) (*hello, error) {
	h := &hello{}
	_, err := fields(b, func(n protowire.Number, t protowire.Type, v []byte, u uint64) (bool, error) {
		isBytes := t == protowire.BytesType
		switch {
		case n == 1 && isBytes:
			return true, takeString(&h.NodeID, v)
		case n == 2 && isBytes:
			return true, takeString(&h.Version, v)
		case n == 3 && isBytes:
			var s string
			err := takeString(&s, v)
			h.Tags = append(h.Tags, s)
			return true, err
		case n == 4 && t == protowire.VarintType:
			h.Reachable = u != 0
		case n == 5 && isBytes:
			return true, takeString(&h.ListenAddr, v)
		case n == 6 && isBytes:
			takeBytes(&h.Pubkey, v)
		default:
			return false, nil
		}
		return true, nil
	})
	return h, err
}

func decodeChat(b []byte) (*chat, error) {
	c := &chat{}
	_, err := fields(b, func(n protowire.Number, t protowire.Type, v []byte, u uint64) (bool, error) {
		switch {
		case n == 1 && t == protowire.BytesType:
			return true, takeString(&c.Nick, v)
		case n == 2 && t == protowire.BytesType:
			return true, takeString(&c.Text, v)
		case n == 3 && t == protowire.VarintType:
			c.Timestamp = u
		default:
			return false, nil
		}
		return true, nil
	})
	return c, err
}

func decodePeerInfo(b []byte) (*peerInfo, error) {
	p := &peerInfo{}
	_, err := fields(b, func(n protowire.Number, t protowire.Type, v []byte, u uint64) (bool, error) {
		switch {
		case n == 1 && t == protowire.BytesType:
			return true, takeString(&p.NodeID, v)
		case n == 2 && t == protowire.BytesType:
			return true, takeString(&p.Addr, v)
		case n == 3 && t == protowire.VarintType:
			p.Reachable = u != 0
		case n == 4 && t == protowire.BytesType:
			takeBytes(&p.Pubkey, v)
		case n == 5 && t == protowire.VarintType:
			p.LastSeen = u
		default:
			return false, nil
		}
		return true, nil
	})
	return p, err
}

func decodeExchange(b []byte) ([]peerInfo, error) {
	var peers []peerInfo
	_, err := fields(b, func(n protowire.Number, t protowire.Type, v []byte, u uint64) (bool, error) {
		if n != 1 || t != protowire.BytesType {
			return false, nil
		}
		p, err := decodePeerInfo(v)
		if err != nil {
			return true, err
		}
		peers = append(peers, *p)
		return true, nil
	})
	return peers, err
}

// signedBytes is what the signature of an envelope covers (section 3.2).
func (e *envelope) signedBytes() []byte {
	b := append([]byte(e.MessageID), e.SenderID...)
	b = binary.BigEndian.AppendUint64(b, e.LamportTS)
	b = binary.BigEndian.AppendUint32(b, e.MsgType)
	return append(b, e.Payload...)
}

func (e *envelope) sign(id *identity) {
	e.Signature = ed25519.Sign(id.priv, e.signedBytes())
}

func (e *envelope) verify(pub []byte) bool {
	return len(pub) == ed25519.PublicKeySize &&
		len(e.Signature) == ed25519.SignatureSize &&
		ed25519.Verify(pub, e.signedBytes(), e.Signature)
}

func newUUID() string {
	var u [16]byte
	if _, err := rand.Read(u[:]); err != nil {
		panic(err)
	}
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
