// SPDX-License-Identifier: MIT

// Command peer is a second, independent implementation of wire v1, written
// from the protocol text alone and sharing no code with the daemons.  Tests
// drive it over its standard input and output, one JSON object a line.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"

	"filippo.io/edwards25519"
)

// identity is one key pair with what follows from it (wire v1, section 1).
type identity struct {
	priv  ed25519.PrivateKey
	pub   ed25519.PublicKey
	node  string // lower-case hex of SHA-256(pub)
	xpriv []byte // Noise static key
	xpub  []byte
}

func nodeID(pub []byte) string {
	h := sha256.Sum256(pub)
	return hex.EncodeToString(h[:])
}

// xPublic is the Montgomery form of an Ed25519 public key.
func xPublic(pub []byte) ([]byte, error) {
	p, err := new(edwards25519.Point).SetBytes(pub)
	if err != nil {
		return nil, err
	}
	return p.BytesMontgomery(), nil
}

func newIdentity(seed []byte) (*identity, error) {
	if seed == nil {
		seed = make([]byte, ed25519.SeedSize)
		if _, err := rand.Read(seed); err != nil {
			return nil, err
		}
	}
	id := &identity{priv: ed25519.NewKeyFromSeed(seed)}
	id.pub = id.priv.Public().(ed25519.PublicKey)
	id.node = nodeID(id.pub)
	h := sha512.Sum512(seed)
	id.xpriv = h[:32]
	var err error
	id.xpub, err = xPublic(id.pub)
	return id, err
}
