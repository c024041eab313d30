package access

import (
	"time"

	"dossier/domain/dossier"
)

// KeyMade says that a program was given a key, as whom and until when. Who gave it stands in the meta.
type KeyMade struct {
	Key   dossier.Code `json:"key"` // its prefix: never a secret
	As    dossier.Code `json:"as"`  // the role it acts in
	Until time.Time    `json:"until"`
}

// KeyConfirmed says that somebody other than its maker knows of a key, so that it counts.
type KeyConfirmed struct {
	Key dossier.Code `json:"key"`
}

// KeyRevoked says that a key counts no longer.
type KeyRevoked struct {
	Key dossier.Code `json:"key"`
}

// KeyRefused says that a known key was used and did not count: wrong, revoked, expired, from elsewhere, or for what it may not.
type KeyRefused struct {
	Key  dossier.Code `json:"key"`
	Rule dossier.Code `json:"rule"`
}

// SessionOpened says that the account in the meta signed in.
type SessionOpened struct {
	Level dossier.Code `json:"level,omitempty"` // how sure the issuer is of who it is
}

// SessionsEnded says that sessions of an account were ended by somebody else.
type SessionsEnded struct {
	Of    dossier.Code `json:"of"`
	Count int          `json:"count"`
}

// SubjectLinked says that a subject of the issuer became an account of the organisation, or with none no longer is one.
type SubjectLinked struct {
	To dossier.Code `json:"to,omitempty"`
}

// SubjectConfirmed says that somebody other than who linked it knows which account a subject is, so that it may sign in.
type SubjectConfirmed struct {
	To dossier.Code `json:"to"`
}

func (KeyMade) event()          {}
func (KeyConfirmed) event()     {}
func (KeyRevoked) event()       {}
func (KeyRefused) event()       {}
func (SessionOpened) event()    {}
func (SessionsEnded) event()    {}
func (SubjectLinked) event()    {}
func (SubjectConfirmed) event() {}

func (e KeyMade) wrong() string {
	switch {
	case !e.Key.Valid():
		return "key"
	case !e.As.Valid():
		return "as"
	case e.Until.IsZero():
		return "until"
	}
	return ""
}

func (e KeyConfirmed) wrong() string {
	if !e.Key.Valid() {
		return "key"
	}
	return ""
}

func (e KeyRevoked) wrong() string {
	if !e.Key.Valid() {
		return "key"
	}
	return ""
}

func (e KeyRefused) wrong() string {
	switch {
	case !e.Key.Valid():
		return "key"
	case !e.Rule.Valid():
		return "rule"
	}
	return ""
}

func (e SessionOpened) wrong() string {
	if e.Level != "" && !e.Level.Valid() {
		return "level"
	}
	return ""
}

func (e SessionsEnded) wrong() string {
	if !e.Of.Valid() {
		return "of"
	}
	return ""
}

func (e SubjectLinked) wrong() string {
	if e.To != "" && !e.To.Valid() {
		return "to"
	}
	return ""
}

func (e SubjectConfirmed) wrong() string {
	if !e.To.Valid() {
		return "to"
	}
	return ""
}
