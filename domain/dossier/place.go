package dossier

import (
	"slices"
	"strings"
)

// Places are the units and agencies that have a part in a dossier, in order: where it was filed and lies, who helps to file it and who is
// competent, to whom it was sent, who is asked and who inspects; and the round of a sandbox, of a test. None, while it lies at no unit yet. Who sent
// it back has no part any more. A confidential one names them Closed.
func (s *State) Places() []string {
	list := append(make([]string, 0, 5), s.FiledAt, s.Unit, s.Agencies.Support, s.Agencies.Competent, s.Sandbox)
	for _, t := range s.Transfers {
		if t.Refused == "" {
			list = append(list, t.To)
		}
	}
	for _, o := range s.Opinions {
		list = append(list, o.Unit)
	}
	for _, w := range s.Works {
		list = append(list, w.Unit)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if list[0] == "" {
		list = list[1:]
	}
	if s.Confidential && s.Sandbox == "" {
		for i, place := range list {
			list[i] = Closed(place)
		}
	}
	return list
}

// Closed is how a confidential dossier names a place, so that it is met by those alone who look for it so.
func Closed(place string) string { return behind + place }

// Opened is the place behind it.
func Opened(place string) string { return strings.TrimPrefix(place, behind) }

const behind = "!"
