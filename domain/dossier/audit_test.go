package dossier_test

import (
	"slices"
	"testing"

	"dossier/domain/dossier"
)

// changed writes the audit trail between two states: "reworks 1→2".
func changed(before, after dossier.State) (told []string) {
	for _, c := range dossier.Changes(&before, &after) {
		told = append(told, c.Field+" "+c.Old+"→"+c.New)
	}
	return told
}

func TestTheAuditTrailTellsOldAndNewOfEveryPart(t *testing.T) {
	early := dossier.State{
		Reworks:  1,
		Opinions: []dossier.Opinion{{Number: 1, Unit: "a"}, {Number: 2, Unit: "b", Late: true}},
		Works:    []dossier.Work{{Number: 1, Kind: dossier.Inspection}, {Number: 2, Kind: dossier.Laboratory}},
		Links:    []dossier.Link{{Other: "d-1", Kind: dossier.Follows}},
		Undone:   dossier.Undone{Act: "accept", Reason: "wrong_content", Version: 3},

		Components: []dossier.CheckedComponent{{Code: "tp-1", Verdict: dossier.Sufficient}},
	}
	late := dossier.State{
		Reworks:  12,
		Opinions: []dossier.Opinion{{Number: 2, Unit: "b", Verdict: "agreed", Late: true}, {Number: 3, Unit: "c"}},
		Works:    []dossier.Work{{Number: 1, Kind: dossier.Inspection, Finding: dossier.Passed}},
		Links:    []dossier.Link{{Other: "d-1", Kind: dossier.Follows}, {Other: "d-2", Kind: dossier.GroupMember}},
		Undone:   dossier.Undone{Act: "forward", Reason: "wrong_content", Version: 4},

		Components: []dossier.CheckedComponent{{Code: "tp-1", Verdict: dossier.Insufficient}, {Code: "tp-2", Verdict: dossier.Insufficient}},
	}
	want := []string{
		"reworks 1→12",
		"opinion_2_verdict →agreed", "opinion_3_unit →c", "opinion_1_unit a→",
		"components tp-1→tp-1, tp-2", "insufficient →tp-1, tp-2",
		"work_1_finding →passed", "work_2_kind laboratory→",
		"link_2_kind →group_member", "link_2_other →d-2",
		"undone accept→forward",
	}
	if got := changed(early, late); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := changed(dossier.State{}, early); !slices.Contains(got, "reworks →1") || !slices.Contains(got, "opinion_2_late →late") {
		t.Errorf("from nothing: %q", got)
	}
	if got := changed(late, late); len(got) > 0 {
		t.Errorf("from itself: %q", got)
	}
}
