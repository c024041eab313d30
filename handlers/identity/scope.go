package identity

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"dossier/domain"
)

// A Scope is a kind of acts that a key may be used for.
type Scope string

// The scopes. A key does what its role may and its scopes allow; no scope lets a key make keys.
const (
	ReadScope    Scope = "read"    // questions about dossiers, rules, the organisation, money, files
	FeedScope    Scope = "feed"    // the events
	CommandScope Scope = "command" // whatever changes something
	PersonScope  Scope = "person"  // who persons are and what they typed
	AuditScope   Scope = "audit"   // the access journal
)

// Scopes lists them.
func Scopes() []Scope { return []Scope{ReadScope, FeedScope, CommandScope, PersonScope, AuditScope} }

// ScopeOf is what a key needs for a request, "" where no key will do. What is not known is a command, the narrower one.
func ScopeOf(method, path string) Scope {
	parts := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	reads := method == http.MethodGet || method == http.MethodHead
	switch {
	case parts[0] == "keys" || parts[0] == "sessions" || parts[0] == "subjects":
		return ""
	case parts[0] == "persons":
		return PersonScope
	case len(parts) == 3 && parts[0] == "dossiers" && parts[2] == "words":
		return PersonScope
	case !reads:
		return CommandScope
	case parts[0] == "events":
		return FeedScope
	case parts[0] == "access":
		return AuditScope
	}
	return ReadScope
}

// scopesOf reads names of scopes.
func scopesOf(names []string) ([]Scope, error) {
	var scopes []Scope
	for _, n := range names {
		if !slices.Contains(Scopes(), Scope(n)) {
			return nil, invalid("unknown_scope", "scopes", fmt.Sprintf("Không có phạm vi “%s”. Có thể dùng: read, feed, command, person, audit", n),
				fmt.Sprintf("There is no scope “%s”. You can use: read, feed, command, person, audit", n))
		}
		if !slices.Contains(scopes, Scope(n)) {
			scopes = append(scopes, Scope(n))
		}
	}
	if len(scopes) == 0 {
		return nil, invalid("no_scope", "scopes", "Khóa phải có ít nhất một phạm vi: read, feed, command, person, audit", "A key needs at least one scope: read, feed, command, person, audit")
	}
	return scopes, nil
}

func invalid(code, field, vi, en string) error {
	return &domain.Invalid{Code: code, Field: field, VI: vi, EN: en}
}
