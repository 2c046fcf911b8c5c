// SPDX-License-Identifier: MIT

package main

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// flood sends many messages as fast as the other side takes them: each the
// command's message made anew, the very same one (Same), or each by an author
// made up for it (Mint).  PeerCount of an exchange counts on from one to the
// next, so that no node is named twice.  A connection that is ended meanwhile
// ends the flood, and is no error.
func (p *program) flood(c *conn, cmd *command) (map[string]any, error) {
	m := cmd.Message
	start, sent := time.Now(), 0
	var f []byte
	for ; sent < cmd.Count; sent++ {
		if cmd.Mint {
			seed := make([]byte, 32)
			if _, err := rand.Read(seed); err != nil {
				return nil, err
			}
			m.Author = hex.EncodeToString(seed)
		}
		if f == nil || !cmd.Same {
			b, _, err := m.encode(p.id)
			if err != nil {
				return nil, err
			}
			f = frameBytes(b)
			m.PeerFrom += m.PeerCount
		}
		if c.writeMessage(f) != nil {
			break
		}
	}
	return map[string]any{"sent": sent, "flood_ms": time.Since(start).Milliseconds(),
		"ended": sent < cmd.Count}, nil
}

// drip writes the frame of a message byte by byte, one each DripMS, for as
// long as it is let.
func (p *program) drip(c *conn, cmd *command) (map[string]any, error) {
	b, _, err := cmd.Message.encode(p.id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.s.tcp = &dripConn{c.tcp, time.Duration(cmd.Options.DripMS) * time.Millisecond}
	c.mu.Unlock()
	go c.writeMessage(frameBytes(b))
	return nil, nil
}
