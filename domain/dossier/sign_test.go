package dossier_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier/domain"
	"dossier/domain/dossier"
)

const resultFile = "0197f2aa-0000-7000-8000-0000000000f2"

// attachResult attaches what the dossier ends with.
var attachResult = by(officer, dossier.AttachFile{File: resultFile, Kind: dossier.ResultFile, Media: "pdf", Size: 9, Commitment: "ab"})

func TestAResultIsSignedByHandUnlessItComesWithEvidence(t *testing.T) {
	for _, c := range []struct {
		name string
		acts []act
		want dossier.ResultSigned
	}{
		{"without a signer it is paper", []act{sign}, dossier.ResultSigned{Means: dossier.OnPaper}},
		{"with evidence it is digital, over the decision itself", []act{by(leader, dossier.SignResult{}, proved)}, dossier.ResultSigned{Means: dossier.Digital, Evidence: proof}},
		{"with a result file it is over that file", []act{attach, attachResult, by(leader, dossier.SignResult{}, proved)}, dossier.ResultSigned{Means: dossier.Digital, File: resultFile, Evidence: proof}},
		{"paper stays possible where there is a signer", []act{attachResult, by(leader, dossier.SignResult{Means: dossier.OnPaper}, proved)}, dossier.ResultSigned{Means: dossier.OnPaper}},
		{"history does not say", []act{by(importer, dossier.SignResult{})}, dossier.ResultSigned{Means: dossier.UnknownMeans}},
		{"who signs for another says so", []act{delegate, by(head, dossier.SignResult{}, proved)}, dossier.ResultSigned{Means: dossier.Digital, Block: "tuq", For: "leader", Evidence: proof}},
	} {
		l := in(t, dossier.Approved).then(t, c.acts...)
		got := l.facts[len(l.facts)-1].Event.(dossier.ResultSigned)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(dossier.Text{})); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if s := l.state.Signature; l.state.Origin != domain.Imported && c.want.Means != dossier.UnknownMeans && l.state.SignedBy() != c.want.Means || s.Block != c.want.Block || s.For != string(c.want.For) || s.File != string(c.want.File) {
			t.Errorf("%s: state %+v", c.name, s)
		}
	}
}

// Rows that were written before signatures could be proved stay what they are.
func TestASignatureByHandLeavesTheStateAsItWasWrittenBefore(t *testing.T) {
	l := in(t, dossier.Approved).then(t, sign)
	if l.state.Signature != (dossier.Signature{}) || l.state.SignedBy() != dossier.OnPaper {
		t.Errorf("%+v", l.state.Signature)
	}
	l.state.Origin = domain.Imported
	if l.state.SignedBy() != dossier.UnknownMeans || in(t, dossier.Approved).state.SignedBy() != "" {
		t.Error("history knows how it was signed")
	}
}

func TestASignatureThatIsTakenBackLeavesNothingOfItself(t *testing.T) {
	l := in(t, dossier.Approved).then(t, by(leader, dossier.SignResult{}, proved), by(leader, dossier.UndoAct{Act: "sign", Reason: "wrong_content", Seen: []dossier.Code{"signature_void"}}))
	if l.state.Signed.Done() || l.state.Signature != (dossier.Signature{}) {
		t.Errorf("%+v, %+v", l.state.Signed, l.state.Signature)
	}
}

func TestWhatCannotBeSignedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		life *life
		what act
		want string
	}{
		{"a file that is not there", in(t, dossier.Submitted), by(citizen, dossier.SignFile{File: "none"}, proved), "no_such_file"},
		{"a file without a signer", in(t, dossier.Submitted).then(t, attach), by(citizen, dossier.SignFile{File: "0197f2aa-0000-7000-8000-0000000000f1"}), "no_signer"},
		{"a result file that is not there", in(t, dossier.Approved), by(leader, dossier.SignResult{File: "none"}, proved), "no_such_file"},
		{"what the applicant gave, as the result", in(t, dossier.Approved).then(t, attach), by(leader, dossier.SignResult{File: "0197f2aa-0000-7000-8000-0000000000f1"}, proved), "no_result_file"},
		{"digitally, without a signer", in(t, dossier.Approved), by(leader, dossier.SignResult{Means: dossier.Digital}), "no_signer"},
		{"nobody knows how", in(t, dossier.Approved), by(leader, dossier.SignResult{Means: dossier.UnknownMeans}), "means_unknown"},
		{"a result that the applicant attaches", in(t, dossier.Submitted), by(citizen, dossier.AttachFile{File: "f-1", Kind: dossier.ResultFile, Media: "pdf", Size: 1, Commitment: "9f"}), "not_their_kind"},
		{"a result by somebody who appraised", in(t, dossier.Approved), by(appraiserIn, dossier.SignResult{}, proved), "appraiser_decides"},
	} {
		if _, err := c.life.ask(c.what); refusal(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestAFileThatComesWithItsSignatureIsAttachedAndSignedInOneAct(t *testing.T) {
	l := in(t, dossier.Submitted).then(t, by(citizen, attach.what, proved))
	f, known := l.state.FileOf("0197f2aa-0000-7000-8000-0000000000f1")
	if got := types([]dossier.Event{l.facts[len(l.facts)-2].Event, l.facts[len(l.facts)-1].Event}); !known || strings.Join(got, " ") != "dossier.file-attached dossier.file-signed" || !f.SignedAt.Equal(monday) || len(f.SignedBy) != 1 {
		t.Fatalf("%v, %+v", got, f)
	}
	if more, err := l.ask(by(citizen, dossier.SignFile{File: dossier.Ref(f.File)}, proved)); err != nil || len(more) > 0 {
		t.Errorf("signed again: %v, %v", more, err)
	}
	l.then(t, by(reception, dossier.SignFile{File: dossier.Ref(f.File)}, proved))
	if f, _ := l.state.FileOf(f.File); len(f.SignedBy) != 2 {
		t.Errorf("signed by two: %+v", f)
	}
}

func TestASignatureOfTheFirstVersionWasByHandOrIsNotKnown(t *testing.T) {
	for file, want := range map[string]dossier.Means{"dossier.result-signed.v1.json": dossier.UnknownMeans} {
		b, err := os.ReadFile("testdata/golden/" + file)
		if err != nil {
			t.Fatal(err)
		}
		e, err := dossier.Decode("dossier.result-signed", 1, b)
		if err != nil || e.(dossier.ResultSigned).Means != want {
			t.Errorf("%s: %+v, %v", file, e, err)
		}
	}
	e, err := dossier.Decode("dossier.result-signed", 1, []byte(`{"block":"kt","for":"leader"}`))
	if err != nil || e.(dossier.ResultSigned).Means != dossier.OnPaper {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestTheDecisionIsSignedInWordsThatItsFactsAloneMake(t *testing.T) {
	l := in(t, dossier.Approved)
	before := string(l.state.Decisive("d-1"))
	if want := "dossier result, 1\ndossier d-1\nprocedure vet-practice-cert-renew 1\ndecision grant\n"; !strings.HasPrefix(before, want) || !strings.Contains(before, "by leader\n") {
		t.Errorf("%q", before)
	}
	l.then(t, by(leader, dossier.SignResult{}, proved))
	if again := string(dossier.Fold(l.facts[:len(l.facts)-1]).Decisive("d-1")); again != before {
		t.Errorf("%q, then %q", before, again)
	}
}

func TestEvidenceHoldsNoWords(t *testing.T) {
	wordy := proof
	wordy.Signature = dossier.Typed("Nguyễn Văn A")
	if _, _, data, err := dossier.Encode(dossier.FileSigned{File: "f-1", Evidence: wordy}); err == nil {
		t.Errorf("stored: %s", data)
	}
	if _, err := dossier.DecodeCommand("sign", []byte(`{"evidence": {}}`)); err == nil {
		t.Error("a command brings its own evidence")
	}
	if got := dossier.TextsOf(dossier.FileSigned{File: "f-1", Evidence: proof}); got[dossier.InEvidence] != said {
		t.Errorf("texts %v", got)
	}
}
