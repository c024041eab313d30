package localca

import (
	"time"

	"dossier/handlers/signing"
)

// Guest is somebody outside the authority with a certificate of this CA: an applicant, a certificate of the wrong days.
type Guest struct {
	ca     *CA
	Serial string // hexadecimal
	keys   identity
}

// Invite issues a certificate that holds between two moments.
func (c *CA) Invite(subject string, from, until time.Time) (*Guest, error) {
	g := &Guest{ca: c}
	err := c.change(func() (err error) {
		g.keys, err = c.leaf(subject, from, until)
		return err
	})
	if err != nil {
		return nil, err
	}
	cert, _, err := g.keys.open()
	if err == nil {
		g.Serial = cert.SerialNumber.Text(16)
	}
	return g, err
}

// Sign signs at a moment, stamped or only claimed; a zero moment is not said at all.
func (g *Guest) Sign(d signing.Digest, at time.Time, stamped bool) (signature string, err error) {
	err = g.ca.change(func() error {
		signature, err = g.ca.sign(g.keys, d, at, stamped)
		return err
	})
	return signature, err
}

// Backdate signs now and stamps by its own key that it was at another moment: what somebody tries who is no time-stamp authority.
func (g *Guest) Backdate(d signing.Digest, to time.Time) (signature string, err error) {
	err = g.ca.change(func() error {
		signature, err = g.ca.signed(g.keys, d, to, g.ca.stamper(g.keys, to))
		return err
	})
	return signature, err
}
