package api

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// subject is what a part of the API is about: a tag of the document, a chapter of its page.
type subject struct {
	tag    string
	VI, EN string
	under  []string // beginnings of paths
}

// commands is the subject of the acts on a dossier, which are known by their bodies.
const commands = "commands"

// subjects in the order of the page. A path is of the first that has its longest beginning.
var subjects = []subject{
	{"dossiers", "Hồ sơ: xem, lịch sử, thời hạn", "Dossiers: reading, history, deadlines", []string{"/v1/dossiers", "/v1/timers"}},
	{commands, "Hồ sơ: việc làm", "Dossiers: acts", nil},
	{"files", "Tệp và chữ ký số", "Files and signatures", []string{"/v1/files", "/v1/signatures", "/v1/dossiers/{id}/files", "/v1/dossiers/{id}/signatures"}},
	{"batches", "Nhiều hồ sơ một lúc", "Many at once", []string{"/v1/bulk"}},
	{"results", "Kết quả", "Results", []string{"/v1/results"}},
	{"events", "Luồng sự kiện", "The feed of events", []string{"/v1/events", "/schemas"}},
	{"people", "Người và dữ liệu cá nhân", "People and their data", []string{"/v1/persons", "/v1/dossiers/{id}/words", "/v1/dossiers/{id}/look-up"}},
	{"money", "Phí, lệ phí", "Money", []string{"/v1/money", "/v1/payment-orders", "/v1/receipt-books", "/v1/tills", "/v1/dossiers/{id}/payments", "/v1/dossiers/{id}/fee"}},
	{"rules", "Thủ tục và lịch làm việc", "Procedures and calendars", []string{"/v1/procedures", "/v1/calendars"}},
	{"organisation", "Tổ chức, cơ quan thử nghiệm", "Organisation and sandboxes", []string{"/v1/organisation", "/v1/sandboxes"}},
	{"access", "Khóa, phiên đăng nhập, sổ truy cập", "Keys, sessions, the access journal", []string{"/v1/access", "/v1/keys", "/v1/sessions", "/v1/subjects", "/v1/dossiers/{id}/access"}},
	{"operation", "Vận hành", "Operation", []string{"/livez", "/readyz", "/metrics", "/version"}},
}

// subjectOf names what a path is about; nothing where nobody said it.
func subjectOf(path string) (tag string) {
	longest := 0
	for _, s := range subjects {
		for _, under := range s.under {
			if len(under) > longest && (path == under || strings.HasPrefix(path, under+"/")) {
				tag, longest = s.tag, len(under)
			}
		}
	}
	return tag
}

// describeSubjects gives every operation its subject.
func describeSubjects(doc *huma.OpenAPI) {
	for _, s := range subjects {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: s.tag, Description: s.EN + " / " + s.VI})
	}
	for path, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			if !slices.Contains(op.Tags, commands) {
				op.Tags = []string{subjectOf(path)}
			}
		}
	}
}

// operationsOf are those of a path, reading first.
func operationsOf(item *huma.PathItem) (all []*huma.Operation) {
	for _, op := range []*huma.Operation{item.Get, item.Head, item.Post, item.Patch} {
		if op != nil {
			all = append(all, op)
		}
	}
	return all
}
