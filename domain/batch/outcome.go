package batch

import "slices"

// Outcome is what became of an item.
type Outcome string

// The outcomes of an item.
const (
	Pending   Outcome = "pending"
	Done      Outcome = "done"
	Late      Outcome = "late"       // done, and marked late or out of flow
	Already   Outcome = "already"    // it was so before
	Refused   Outcome = "refused"    // by a rule
	Changed   Outcome = "changed"    // since it was seen
	NotFound  Outcome = "not_found"  // no such dossier
	Failed    Outcome = "failed"     // by a fault that is not of the moment
	TakenBack Outcome = "taken_back" // when the batch was
	Untouched Outcome = "untouched"  // the batch had not changed it
	MovedOn   Outcome = "moved_on"   // something followed: it stays as it is
)

// Acted says whether the batch changed the dossier.
func (o Outcome) Acted() bool { return o == Done || o == Late }

// Counts as a refusal: what stops a batch that is to stop after so many.
func (o Outcome) stands() bool {
	return o == Refused || o == Changed || o == NotFound || o == Failed
}

// Result is what became of one item, and by which rule.
type Result struct {
	Outcome Outcome
	Code    string // of the refusal, or the verdict
	Basis   string // the article it rests on
}

// Against says whether it counts as a refusal.
func (r Result) Against() bool { return r.Outcome.stands() }

// Group is the items to which the same happened, by their number in the batch, from 0.
type Group struct {
	Outcome Outcome `json:"outcome"`
	Code    string  `json:"code,omitempty"`
	Basis   string  `json:"basis,omitempty"`
	Items   []int   `json:"items"`
}

// Grouped puts results together, leaving out the usual ones; the first is of item from.
func Grouped(from int, results []Result, usual Outcome) (groups []Group) {
	for i, r := range results {
		if r == (Result{Outcome: usual}) {
			continue
		}
		n := slices.IndexFunc(groups, func(g Group) bool { return g.result() == r })
		if n < 0 {
			groups, n = append(groups, Group{r.Outcome, r.Code, r.Basis, nil}), len(groups)
		}
		groups[n].Items = append(groups[n].Items, from+i)
	}
	return groups
}

// Ungrouped is the inverse of Grouped for the items from one up to, not including, another.
func Ungrouped(from, to int, groups []Group, usual Outcome) []Result {
	results := make([]Result, to-from)
	for i := range results {
		results[i].Outcome = usual
	}
	for _, g := range groups {
		for _, item := range g.Items {
			if item >= from && item < to {
				results[item-from] = g.result()
			}
		}
	}
	return results
}

func (g Group) result() Result { return Result{g.Outcome, g.Code, g.Basis} }

// Refusals counts the items that stood against it.
func Refusals(groups []Group) (n int) {
	for _, g := range groups {
		if g.Outcome.stands() {
			n += len(g.Items)
		}
	}
	return n
}
