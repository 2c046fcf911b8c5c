// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// message is an envelope to send, as a command describes it.  What a command
// leaves out is made as the spec wants it; what it gives is taken as it is.
type message struct {
	Type       uint32     `json:"type"`
	Nick       string     `json:"nick"`
	Text       string     `json:"text"`
	TextHex    string     `json:"text_hex"` // text as raw bytes
	NickHex    string     `json:"nick_hex"`
	TextLen    int        `json:"text_len"` // text of so many 'x'
	Time       *uint64    `json:"time"`
	Payload    *string    `json:"payload"`     // hex; instead of nick and text
	PayloadLen int        `json:"payload_len"` // a payload of so many bytes
	Peers      []wantPeer `json:"peers"`
	PeerCount  int        `json:"peer_count"` // so many made-up peers
	PeerFrom   int        `json:"peer_from"`  // ... but for the first so many

	ID        *string `json:"id"`
	IDLen     int     `json:"id_len"`
	IDHex     string  `json:"id_hex"`
	Sender    *string `json:"sender"`
	SenderLen int     `json:"sender_len"`
	Hop       *uint32 `json:"hop"`
	Lamport   uint64  `json:"lamport"`
	Author    string  `json:"author"`   // seed of another signer, hex
	NoPub     bool    `json:"no_pub"`   // leave sender_pubkey out
	PubHex    string  `json:"pub_hex"`  // this sender_pubkey
	BadSig    bool    `json:"bad_sig"`  // flip a bit of the signature
	NoSig     bool    `json:"no_sig"`   // leave it out
	Unknown   string  `json:"unknown"`  // unknown fields, hex, appended
	PadTo     int     `json:"pad_to"`   // unknown field 15 up to this size
	Pieces    []int   `json:"pieces"`   // cut the frame into such messages
	Truncate  int     `json:"truncate"` // leave off so many last bytes
}

type wantPeer struct {
	Node      string `json:"node"`
	Addr      string `json:"addr"`
	Reachable bool   `json:"reachable"`
	Pub       string `json:"pub"`
	LastSeen  uint64 `json:"last_seen"`
}

func madeUpPeers(from, n int) []peerInfo {
	var l []peerInfo
	for i := from; i < from+n; i++ {
		pub := bytes.Repeat([]byte{byte(i), byte(i >> 8), byte(i >> 16), 0xa5}, 8)
		l = append(l, peerInfo{NodeID: nodeID(pub), Addr: fmt.Sprintf("203.0.113.%d:%d", i%250+1, 1024+i%60000),
			Reachable: true, Pubkey: pub, LastSeen: uint64(time.Now().Unix())})
	}
	return l
}

func (m *message) payload() []byte {
	switch {
	case m.Payload != nil:
		return mustHex(*m.Payload)
	case m.PayloadLen > 0:
		return bytes.Repeat([]byte{0x41}, m.PayloadLen)
	case m.Type == typeExchange:
		l := madeUpPeers(m.PeerFrom, m.PeerCount)
		for _, p := range m.Peers {
			l = append(l, peerInfo{p.Node, p.Addr, p.Reachable, mustHex(p.Pub), p.LastSeen})
		}
		return encodeExchange(l)
	case m.Type == typeChat:
		c := chat{Nick: m.Nick, Text: m.Text, Timestamp: uint64(time.Now().Unix())}
		if m.Time != nil {
			c.Timestamp = *m.Time
		}
		if m.NickHex != "" {
			c.Nick = string(mustHex(m.NickHex))
		}
		if m.TextHex != "" {
			c.Text = string(mustHex(m.TextHex))
		}
		if m.TextLen > 0 {
			c.Text = strings.Repeat("x", m.TextLen)
		}
		return c.encode()
	}
	return nil
}

// envelope builds and signs the message for id (or for Author).
func (m *message) envelope(id *identity) (*envelope, error) {
	if m.Author != "" {
		var err error
		if id, err = newIdentity(mustHex(m.Author)); err != nil {
			return nil, err
		}
	}
	e := &envelope{MessageID: newUUID(), SenderID: id.node, LamportTS: m.Lamport, HopCount: 10,
		MsgType: m.Type, Payload: m.payload(), SenderPubkey: id.pub}
	if m.Type == typeExchange {
		e.HopCount, e.SenderPubkey = 1, nil
	}
	switch {
	case m.ID != nil:
		e.MessageID = *m.ID
	case m.IDHex != "":
		e.MessageID = string(mustHex(m.IDHex))
	case m.IDLen > 0:
		e.MessageID = (newUUID() + strings.Repeat("i", m.IDLen))[:m.IDLen]
	}
	if m.Sender != nil {
		e.SenderID = *m.Sender
	} else if m.SenderLen > 0 {
		e.SenderID = strings.Repeat("s", m.SenderLen)
	}
	if m.Hop != nil {
		e.HopCount = *m.Hop
	}
	if m.NoPub {
		e.SenderPubkey = nil
	}
	if m.PubHex != "" {
		e.SenderPubkey = mustHex(m.PubHex)
	}
	e.sign(id)
	if m.BadSig {
		e.Signature[10] ^= 4
	}
	if m.NoSig {
		e.Signature = nil
	}
	e.Unknown = mustHex(m.Unknown)
	return e, nil
}

// encode gives the payload of the frame.
func (m *message) encode(id *identity) ([]byte, string, error) {
	e, err := m.envelope(id)
	if err != nil {
		return nil, "", err
	}
	if m.PadTo > 0 {
		base := len(e.encode())
		for pad := m.PadTo - base; pad >= 0 && pad > m.PadTo-base-16; pad-- {
			u := putBytes(nil, 15, bytes.Repeat([]byte{7}, pad))
			if base+len(u) == m.PadTo {
				e.Unknown = append(e.Unknown, u...)
				break
			}
		}
	}
	b := e.encode()
	return b[:len(b)-m.Truncate], hex.EncodeToString([]byte(e.MessageID)), nil
}

// send writes the message as one frame, in the pieces it asks for.
func (m *message) send(c *conn) (string, error) {
	payload, id, err := m.encode(c.p.id)
	if err != nil {
		return "", err
	}
	f := frameBytes(payload)
	for _, n := range m.Pieces {
		if n > len(f) {
			n = len(f)
		}
		if err := c.writeMessage(f[:n]); err != nil {
			return "", err
		}
		f = f[n:]
	}
	if len(f) > 0 || len(m.Pieces) == 0 {
		err = c.writeMessage(f)
	}
	return id, err
}
