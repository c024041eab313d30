package web

import (
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

func TestTheFilesOfADossierStandOnItsPageAndNoFormAttachesOne(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	file := "0197f2aa-0000-7000-8000-0000000000f1"
	_, err := s.executor.Import(t.Context(), domain.Actor{Account: "importer", Role: domain.System}, r.ID, "k", []byte("x"), func(state dossier.State) ([]handlers.Decided, error) {
		return []handlers.Decided{{Event: dossier.FileAttached{File: dossier.Ref(file), Component: "tp-1", Media: "pdf", Size: 48213, Commitment: "9f2c4a"}, OccurredAt: state.LastChange}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][]string{"vi": {"Tệp đính kèm", "Tải tệp 1", "Tài liệu PDF", "47" + nb + "KB", "tp-1"}, "en": {"Files", "Save file 1", "PDF document"}} {
		p := s.as("reception").get("/dossiers/" + r.ID.String() + "?lang=" + lang)
		for _, words := range append(want, `href="/v1/files/`+file+`/content"`) {
			if !strings.Contains(p.html, words) {
				t.Errorf("%s: the page does not say %q", lang, words)
			}
		}
		if strings.Contains(p.html, "/do/attach-file") {
			t.Error("a form is offered that attaches what was not uploaded")
		}
	}
}
