package handlers

import (
	"net/http"

	"dossier/domain"
)

// Door is one way to what is kept here, and what it asks of whoever comes. Every route, page and command line has one in doors, or it
// stays shut.
type Door struct {
	Face  Face
	Name  string // "GET /v1/dossiers/{id}", "dossier show"
	Asks  []Act  // may any of these, and you may come; none: Free says who may
	Reads bool   // and be allowed to read what is behind it
	Free  Free
	About About
	Stays string // of a command line: why it asks no server; "": it asks one that is named
}

// Face is where a door is.
type Face string

// The faces.
const (
	API   Face = "api"
	Web   Face = "web"
	CLI   Face = "cli"
	Feeds Face = "feed"
)

// Faces lists them.
func Faces() []Face { return []Face{API, Web, CLI, Feeds} }

// Free is to whom a door is open that asks for no right.
type Free string

// To whom.
const (
	Everybody Free = "everybody" // nothing of anybody is behind it
	Provider  Free = "provider"  // who signs what it says with the key of the payment provider
	Entrance  Free = "entrance"  // who signs in or out, and what is signed in
	SignedIn  Free = "signed_in" // who is signed in
	Machine   Free = "machine"   // who holds the machine: its files, its database, its keys
)

// About is what is behind a door, and so what else decides: whose dossier it is, and of which agency.
type About string

// What is behind doors.
const (
	OneDossier About = "dossier" // one dossier: an applicant's own, or under its mandate; for staff one of their agency
	Filing     About = "filing"  // a dossier that is not there yet: an applicant's own, or under a mandate
	Rows       About = "rows"    // many dossiers: those that one may read, cut down in the query
	OneBatch   About = "batch"   // what is done to many dossiers at once: for staff of the agency of who planned it
	Upload     About = "upload"  // a file on its way: for the account that sends it
	Person     About = "person"  // a person: for an applicant itself
	Trial      About = "trial"   // a sandbox: for who works in it, and for the system administrator
	House      About = "house"   // the rules, the machine, the money of one's agency: the role alone decides
)

// May says whether somebody may come to a door at all. What is behind it asks once more, of the dossier.
func (d Door) May(a domain.Actor) error {
	if d.Free != "" {
		return nil
	}
	if d.Reads {
		if err := May(a, Act{Kind: Read}); err != nil {
			return err
		}
	}
	var last error
	for _, act := range d.Asks {
		if last = May(a, act); last == nil {
			return nil
		}
	}
	if last == nil { // asks for nothing that there is
		return notAllowed(a, Act{})
	}
	return last
}

// DoorOf finds the door of a name.
func DoorOf(face Face, name string) (Door, bool) {
	d, known := doorsByName[doorKey{face, name}]
	return d, known
}

// Doors lists all of a face in the order of the table.
func Doors(face Face) (list []Door) {
	for _, d := range doors {
		if d.Face == face {
			list = append(list, d)
		}
	}
	return list
}

// Right is a door with the roles that may come to it.
type Right struct {
	Door
	Roles []domain.Role
}

// Rights are the doors of a face with their roles, as they stand in the documents.
func Rights(face Face) (list []Right) {
	for _, d := range Doors(face) {
		r := Right{Door: d}
		for _, role := range domain.Roles() {
			if d.Free == "" && d.May(domain.Actor{Account: "somebody", Role: role}) == nil {
				r.Roles = append(r.Roles, role)
			}
		}
		list = append(list, r)
	}
	return list
}

// Mux is a mux that knows its patterns and keeps those shut that have no door.
type Mux struct {
	*http.ServeMux
	face     Face
	patterns []string
}

// NewMux returns the mux of a face.
func NewMux(face Face) *Mux { return &Mux{ServeMux: http.NewServeMux(), face: face} }

// Patterns are those registered, in that order.
func (m *Mux) Patterns() []string { return m.patterns }

// HandleFunc is http.ServeMux.HandleFunc.
func (m *Mux) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(f))
}

// Handle is http.ServeMux.Handle.
func (m *Mux) Handle(pattern string, h http.Handler) {
	m.patterns = append(m.patterns, pattern)
	if _, known := DoorOf(m.face, pattern); !known {
		h = http.HandlerFunc(shut)
	}
	m.ServeMux.Handle(pattern, h)
}

// shut is what a route without a door answers.
func shut(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "This route has no rule that says who may use it, so nobody may: give it a line in handlers/doors.go", http.StatusForbidden)
}
