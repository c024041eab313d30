package web

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"
)

// csvRows is how many dossiers one file holds at most; more is asked of the API page by page.
const csvRows = 10000

// listCSV is the list's question answered as a file: codes, not words, so that a sheet can group by them.
func (s *site) listCSV(w http.ResponseWriter, r *http.Request, v *visit) error {
	actor, err := v.known()
	if err != nil {
		return err
	}
	if err := handlers.Authorize(actor, listAct); err != nil {
		return err
	}
	filter := readQuestion(r.URL.Query()).filter(actor, v.sight, 500)
	page, err := s.Views.List(r.Context(), filter) // the first page before the head: an error is still a page of its own
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="dossiers.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"id", "code", "procedure", "procedure_version", "channel", "applicant", "status", "outcome", "unit", "officer", "submitted_at", "accepted_at", "due", "resolved_at", "updated_at", "version", "position"})
	for n := 0; ; {
		s.listed(r, actor, page.Rows)
		for _, row := range page.Rows {
			_ = out.Write(record(row))
		}
		if n += len(page.Rows); page.Next == "" || n >= csvRows {
			break
		}
		filter.Cursor = page.Next
		if page, err = s.Views.List(r.Context(), filter); err != nil {
			s.Log.ErrorContext(r.Context(), "csv broke off", "error", err)
			panic(http.ErrAbortHandler) // half a file must not look whole
		}
	}
	out.Flush()
	return nil
}

func record(row projections.Row) []string {
	st := row.State
	return []string{
		row.ID.String(), st.KnownBy(), st.Procedure, plain(int64(st.ProcedureVersion)), string(st.Channel), st.Applicant, string(st.Status), string(st.Outcome),
		st.Unit, st.Officer, utc(st.Submitted), utc(st.Accepted), rfc(st.Due), utc(st.Resolved), rfc(row.UpdatedAt), plain(st.Version), plain(row.Position),
	}
}

func plain(n int64) string { return strconv.FormatInt(n, 10) }

func utc(a dossier.Act) string { return rfc(a.At) }

func rfc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
