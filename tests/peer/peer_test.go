// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/flynn/noise"
)

// What of the vector file this program can judge.  The peer must be right
// before it may judge anybody else.
type vectors struct {
	Identities []struct {
		Name, Seed_hex, Ed25519_pub_hex, Node_id, X25519_priv_hex, X25519_pub_hex string
	}
	Ed25519_to_x25519_edge_cases []struct {
		Note, Ed25519_pub_hex string
		OK                    bool
		X25519_hex            string
	}
	X25519_low_order_inputs_must_fail []string
	Protobuf_payloads                 map[string]string
	Keepalive                         struct{ Envelope_hex, Frame_hex string }
	Envelopes                         []struct {
		Name, Signer                                          string
		Sign_data_hex, Signature_hex, Envelope_hex, Frame_hex string
	}
	Frames_invalid []struct{ Note, Hex string }
	Noise          struct {
		Initiator, Responder struct{ Identity, Ephemeral_priv_hex string }
		Handshake_hash_hex   string
		Steps                []struct{ Dir, Label, Plaintext_hex, Wire_hex string }
		Normal_session       struct{ I2r_stream_hex, R2i_stream_hex string }
	}
}

func load(t *testing.T) *vectors {
	t.Helper()
	b, err := os.ReadFile("../vectors/vectors-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	v := &vectors{}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *vectors) identity(t *testing.T, name string) *identity {
	t.Helper()
	for _, i := range v.Identities {
		if i.Name == name {
			id, err := newIdentity(mustHex(i.Seed_hex))
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	t.Fatalf("no identity %s", name)
	return nil
}

func same(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("%s:\n got %x\nwant %s", what, got, want)
	}
}

func TestIdentities(t *testing.T) {
	v := load(t)
	for _, i := range v.Identities {
		id := v.identity(t, i.Name)
		same(t, "public key", id.pub, i.Ed25519_pub_hex)
		same(t, "x25519 private", id.xpriv, i.X25519_priv_hex)
		same(t, "x25519 public", id.xpub, i.X25519_pub_hex)
		if id.node != i.Node_id {
			t.Errorf("node id of %s: %s", i.Name, id.node)
		}
	}
	for _, e := range v.Ed25519_to_x25519_edge_cases {
		x, err := xPublic(mustHex(e.Ed25519_pub_hex))
		if (err == nil) != e.OK {
			t.Errorf("%s: %v", e.Note, err)
		} else if e.OK {
			same(t, e.Note, x, e.X25519_hex)
		}
	}
	for _, p := range v.X25519_low_order_inputs_must_fail {
		if _, err := noise.DH25519.DH(bytes.Repeat([]byte{3}, 32), mustHex(p)); err == nil {
			t.Errorf("low-order point %s accepted", p)
		}
	}
}

func TestEnvelopes(t *testing.T) {
	v := load(t)
	for _, w := range v.Envelopes {
		e, err := decodeEnvelope(mustHex(w.Envelope_hex))
		if err != nil {
			t.Fatal(w.Name, err)
		}
		id := v.identity(t, w.Signer)
		same(t, w.Name+" again", e.encode(), w.Envelope_hex)
		same(t, w.Name+" signed bytes", e.signedBytes(), w.Sign_data_hex)
		if !e.verify(id.pub) {
			t.Errorf("%s: does not verify", w.Name)
		}
		e.sign(id)
		same(t, w.Name+" signature", e.Signature, w.Signature_hex)
		same(t, w.Name+" frame", frameBytes(e.encode()), w.Frame_hex)
		e.MsgType++
		if e.verify(id.pub) {
			t.Errorf("%s: another type verifies", w.Name)
		}
	}
	same(t, "keepalive", frameBytes([]byte{0x28, typeKeepalive}), v.Keepalive.Frame_hex)
}

func TestPayloads(t *testing.T) {
	v := load(t)
	for name, h := range v.Protobuf_payloads {
		var again []byte
		b := mustHex(h)
		switch name[:4] {
		case "hell":
			m, err := decodeHello(b)
			if err != nil {
				t.Fatal(name, err)
			}
			again = m.encode()
		case "chat":
			m, err := decodeChat(b)
			if err != nil {
				t.Fatal(name, err)
			}
			again = m.encode()
		default:
			if name == "peer_info_C" {
				m, err := decodePeerInfo(b)
				if err != nil {
					t.Fatal(name, err)
				}
				again = m.encode()
				break
			}
			m, err := decodeExchange(b)
			if err != nil {
				t.Fatal(name, err)
			}
			again = encodeExchange(m)
		}
		same(t, name, again, h)
	}
}

// tap records what one side writes.
type tap struct {
	net.Conn
	sent bytes.Buffer
}

func (c *tap) Write(b []byte) (int, error) {
	c.sent.Write(b)
	return c.Conn.Write(b)
}

type side struct {
	s   *session
	tap *tap
	err error
}

// pair lets two sides do their handshakes, with fixed or random ephemerals.
func pair(t *testing.T, a, b *identity, ao, bo noiseOptions) (side, side) {
	t.Helper()
	p, q := net.Pipe()
	deadline := time.Now().Add(5 * time.Second)
	p.SetDeadline(deadline)
	q.SetDeadline(deadline)
	is, rs := side{tap: &tap{Conn: p}}, side{tap: &tap{Conn: q}}
	done := make(chan bool)
	go func() {
		rs.s, rs.err = handshake(rs.tap, b, false, bo)
		if rs.err != nil {
			q.Close()
		}
		close(done)
	}()
	is.s, is.err = handshake(is.tap, a, true, ao)
	if is.err != nil {
		p.Close()
	}
	<-done
	return is, rs
}

func TestNormalSession(t *testing.T) {
	v := load(t)
	n := v.Noise
	a, b := v.identity(t, n.Initiator.Identity), v.identity(t, n.Responder.Identity)
	i, r := pair(t, a, b,
		noiseOptions{rng: bytes.NewReader(mustHex(n.Initiator.Ephemeral_priv_hex))},
		noiseOptions{rng: bytes.NewReader(mustHex(n.Responder.Ephemeral_priv_hex))})
	if i.err != nil || r.err != nil {
		t.Fatal(i.err, r.err)
	}
	same(t, "handshake hash", i.s.hash, n.Handshake_hash_hex)
	same(t, "handshake hash", r.s.hash, n.Handshake_hash_hex)
	same(t, "remote static", i.s.remote, hex.EncodeToString(b.xpub))
	same(t, "remote static", r.s.remote, hex.EncodeToString(a.xpub))
	for k, step := range n.Steps {
		if step.Plaintext_hex == "" && step.Wire_hex == "" {
			continue // the large ones, given by their digests
		}
		from, to := i, r
		if step.Dir == "r2i" {
			from, to = r, i
		}
		before := from.tap.sent.Len()
		go from.s.writeMessage(mustHex(step.Plaintext_hex))
		got, err := to.s.readMessage()
		if err != nil {
			t.Fatal(step.Label, err)
		}
		same(t, step.Label, got, step.Plaintext_hex)
		same(t, step.Label+" on the wire", from.tap.sent.Bytes()[before:], step.Wire_hex)
		if k == 6 {
			same(t, "stream i2r", i.tap.sent.Bytes(), n.Normal_session.I2r_stream_hex)
			same(t, "stream r2i", r.tap.sent.Bytes(), n.Normal_session.R2i_stream_hex)
		}
	}
}

func TestBadPoints(t *testing.T) {
	v := load(t)
	a, b := v.identity(t, "A"), v.identity(t, "B")
	for _, p := range v.X25519_low_order_inputs_must_fail {
		if _, r := pair(t, a, b, noiseOptions{lowE: mustHex(p)}, noiseOptions{}); r.err == nil {
			t.Errorf("e = %s accepted by the responder", p)
		}
		if i, _ := pair(t, a, b, noiseOptions{}, noiseOptions{lowE: mustHex(p)}); i.err == nil {
			t.Errorf("e = %s accepted by the initiator", p)
		}
		if _, r := pair(t, a, b, noiseOptions{lowS: mustHex(p)}, noiseOptions{}); r.err == nil {
			t.Errorf("s = %s accepted by the responder", p)
		}
		if i, _ := pair(t, a, b, noiseOptions{}, noiseOptions{lowS: mustHex(p)}); i.err == nil {
			t.Errorf("s = %s accepted by the initiator", p)
		}
	}
	for _, o := range []noiseOptions{{corrupt: 1}, {corrupt: 3}} {
		if i, r := pair(t, a, b, o, noiseOptions{}); i.err == nil && r.err == nil {
			t.Errorf("a flipped bit in message %d is accepted", o.corrupt)
		}
	}
	if i, r := pair(t, a, b, noiseOptions{payload: []byte("x")}, noiseOptions{payload: []byte("y")}); i.err != nil || r.err != nil {
		t.Error("payloads in the handshake:", i.err, r.err)
	}
}

func TestFrames(t *testing.T) {
	v := load(t)
	for _, f := range v.Frames_invalid {
		s := &session{tcp: eofConn{}, pending: mustHex(f.Hex)}
		if _, err := s.readFrame(); err == nil {
			t.Errorf("%s: accepted", f.Note)
		}
	}
}

type eofConn struct{ net.Conn }

func (eofConn) Read([]byte) (int, error) { return 0, io.EOF }

// hellos runs the hello of both sides with these ways to misbehave.
func hellos(t *testing.T, v *vectors, abad, bbad string) (error, error) {
	t.Helper()
	a, b := v.identity(t, "A"), v.identity(t, "B")
	i, r := pair(t, a, b, noiseOptions{}, noiseOptions{})
	if i.err != nil || r.err != nil {
		t.Fatal(i.err, r.err)
	}
	ic := &conn{p: &program{id: a}, o: &options{Bad: abad}, initiator: true, s: i.s}
	rc := &conn{p: &program{id: b}, o: &options{Bad: bbad}, s: r.s}
	done := make(chan error)
	go func() {
		err := rc.doHello()
		if err != nil {
			r.s.tcp.Close()
		}
		done <- err
	}()
	ierr := ic.doHello()
	if ierr != nil {
		i.s.tcp.Close()
	}
	return ierr, <-done
}

func TestHello(t *testing.T) {
	v := load(t)
	if ierr, rerr := hellos(t, v, "", ""); ierr != nil || rerr != nil {
		t.Fatal(ierr, rerr)
	}
	if ierr, rerr := hellos(t, v, "hello-split", "hello-split"); ierr != nil || rerr != nil {
		t.Fatal(ierr, rerr)
	}
	for _, bad := range []string{"hello-envelope", "hello-envelope-utf8", "hello-empty",
		"hello-type", "hello-type-unknown", "hello-payload", "hello-signature",
		"hello-sender", "hello-nodeid", "hello-nodeid-upper", "hello-x25519",
		"hello-key-short", "hello-utf8", "hello-other-key", "hello-magic",
		"hello-version", "hello-oversize", "hello-early-keepalive",
		"hello-noise-oversize", "hello-noise-short", "hello-noise-corrupt"} {
		if _, rerr := hellos(t, v, bad, ""); rerr == nil || errors.Is(rerr, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the responder says %v", bad, rerr)
		}
		if ierr, _ := hellos(t, v, "", bad); ierr == nil || errors.Is(ierr, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the initiator says %v", bad, ierr)
		}
	}
}

func TestUTF8(t *testing.T) {
	bad := putString(nil, 1, "a\xffb")
	if _, err := decodeChat(bad); err == nil {
		t.Error("chat with invalid UTF-8 decodes")
	}
	if _, err := decodeEnvelope(bad); err == nil {
		t.Error("envelope with invalid UTF-8 decodes")
	}
	e := envelope{MessageID: "m", Unknown: mustHex("fa0101aa")}
	d, err := decodeEnvelope(e.encode())
	if err != nil || !bytes.Equal(d.encode(), e.encode()) {
		t.Error("unknown field does not survive", err)
	}
	m := message{Type: typeKeepalive, PadTo: maxFrame}
	id, _ := newIdentity(nil)
	b, _, err := m.encode(id)
	if err != nil || len(b) != maxFrame {
		t.Error("padding to the maximum gives", len(b), err)
	}
}
