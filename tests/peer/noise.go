// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/flynn/noise"
)

const (
	maxFrame = 1048576
	maxNoise = maxFrame + 8 + 16
)

// evilDH plays somebody who knows what comes out of a low-order point: every
// DH with the key marked evil yields zeros instead of an error.  A victim
// that does not refuse the point would complete the handshake.
type evilDH struct {
	noise.DHFunc
	ephemeral []byte // public value to send as e; nil: a good one
}

var evilPrivate = bytes.Repeat([]byte{0xee}, 32)

func (d evilDH) GenerateKeypair(r io.Reader) (noise.DHKey, error) {
	if d.ephemeral != nil {
		return noise.DHKey{Private: evilPrivate, Public: d.ephemeral}, nil
	}
	return d.DHFunc.GenerateKeypair(r)
}

func (d evilDH) DH(priv, pub []byte) ([]byte, error) {
	if bytes.Equal(priv, evilPrivate) {
		return make([]byte, 32), nil
	}
	return d.DHFunc.DH(priv, pub)
}

// session is a TCP connection after its Noise handshake.
type session struct {
	tcp     net.Conn
	send    *noise.CipherState
	recv    *noise.CipherState
	remote  []byte // the other side's static key
	hash    []byte
	pending []byte // decrypted bytes not yet cut into frames
}

func writeHandshake(w io.Writer, msg []byte) error {
	// Length and body apart, as existing nodes do it.
	var l [2]byte
	binary.BigEndian.PutUint16(l[:], uint16(len(msg)))
	if _, err := w.Write(l[:]); err != nil {
		return err
	}
	_, err := w.Write(msg)
	return err
}

func readHandshake(r io.Reader) ([]byte, error) {
	var l [2]byte
	if _, err := io.ReadFull(r, l[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(l[:]))
	_, err := io.ReadFull(r, msg)
	return msg, err
}

// noiseOptions departs from the protocol where a test wants it.
type noiseOptions struct {
	rng       io.Reader // fixed ephemerals; nil: random
	lowE      []byte    // send this as ephemeral key
	lowS      []byte    // send this as static key
	topBitS   bool      // set bit 255 of the static key: not canonical
	payload   []byte    // put this into every handshake message
	corrupt   int       // flip a bit in the n-th message (1..3); 0: none
	stopAfter int       // fall silent after the n-th message; 0: never
}

var errStopped = errors.New("stopped as told")

// handshake does Noise_XX_25519_ChaChaPoly_BLAKE2s (section 2).
func handshake(tcp net.Conn, id *identity, initiator bool, o noiseOptions) (*session, error) {
	dh := evilDH{DHFunc: noise.DH25519, ephemeral: o.lowE}
	static := noise.DHKey{Private: id.xpriv, Public: append([]byte(nil), id.xpub...)}
	if o.lowS != nil {
		static = noise.DHKey{Private: evilPrivate, Public: o.lowS}
	}
	if o.topBitS {
		static.Public[31] |= 0x80
	}
	hs, err := noise.NewHandshakeState(noise.Config{
		CipherSuite:   noise.NewCipherSuite(dh, noise.CipherChaChaPoly, noise.HashBLAKE2s),
		Random:        o.rng,
		Pattern:       noise.HandshakeXX,
		Initiator:     initiator,
		StaticKeypair: static,
	})
	if err != nil {
		return nil, err
	}
	var a, b *noise.CipherState
	for i := 1; i <= 3; i++ {
		if (i%2 == 1) == initiator {
			var msg []byte
			if msg, a, b, err = hs.WriteMessage(nil, o.payload); err != nil {
				return nil, fmt.Errorf("message %d: %w", i, err)
			}
			if o.corrupt == i {
				msg[len(msg)-1] ^= 1
			}
			if err = writeHandshake(tcp, msg); err != nil {
				return nil, fmt.Errorf("message %d: %w", i, err)
			}
		} else {
			msg, err := readHandshake(tcp)
			if err != nil {
				return nil, fmt.Errorf("message %d: %w", i, err)
			}
			if _, a, b, err = hs.ReadMessage(nil, msg); err != nil {
				return nil, fmt.Errorf("message %d: %w", i, err)
			}
		}
		if o.stopAfter == i {
			return nil, errStopped
		}
	}
	s := &session{tcp: tcp, send: a, recv: b, remote: hs.PeerStatic(), hash: hs.ChannelBinding()}
	if !initiator {
		s.send, s.recv = b, a
	}
	return s, nil
}

// writeMessage sends plaintext as one transport message.
func (s *session) writeMessage(plain []byte) error {
	ct, err := s.send.Encrypt(make([]byte, 4, 4+len(plain)+16), nil, plain)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(ct, uint32(len(ct)-4))
	_, err = s.tcp.Write(ct)
	return err
}

func (s *session) readMessage() ([]byte, error) {
	var l [4]byte
	if _, err := io.ReadFull(s.tcp, l[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(l[:])
	if n > maxNoise {
		return nil, fmt.Errorf("transport message of %d bytes", n)
	}
	ct := make([]byte, n)
	if _, err := io.ReadFull(s.tcp, ct); err != nil {
		return nil, err
	}
	return s.recv.Decrypt(nil, nil, ct)
}

func frameBytes(payload []byte) []byte {
	b := make([]byte, 8, 8+len(payload))
	copy(b, "\x4d\x49\x00\x01")
	binary.BigEndian.PutUint32(b[4:], uint32(len(payload)))
	return append(b, payload...)
}

func (s *session) writeFrame(payload []byte) error {
	return s.writeMessage(frameBytes(payload))
}

func (s *session) fill(n int) error {
	for len(s.pending) < n {
		m, err := s.readMessage()
		if err != nil {
			if err == io.EOF && len(s.pending) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		s.pending = append(s.pending, m...)
	}
	return nil
}

func (s *session) readFrame() ([]byte, error) {
	if err := s.fill(8); err != nil {
		return nil, err
	}
	h := s.pending[:8]
	if h[0] != 0x4d || h[1] != 0x49 {
		return nil, fmt.Errorf("bad magic %x", h[:2])
	}
	if h[2] != 0 || h[3] != 1 {
		return nil, fmt.Errorf("bad version %x", h[2:4])
	}
	n := binary.BigEndian.Uint32(h[4:])
	if n > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes", n)
	}
	if err := s.fill(8 + int(n)); err != nil {
		return nil, err
	}
	p := append([]byte(nil), s.pending[8:8+n]...)
	s.pending = s.pending[8+n:]
	return p, nil
}
