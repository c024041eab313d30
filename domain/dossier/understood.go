package dossier

import (
	"slices"

	"dossier/domain"
)

// understood keeps out what no rule could judge: values outside their lists, an unknown procedure, and values that only an
// import may carry.
func (q question) understood() error {
	if bad := check(q.c); bad != nil {
		return bad
	}
	if q.x.LateReason != "" && !slices.Contains(LateReasons(), q.x.LateReason) {
		return notInList("late_reason", LateReasons())
	}
	if c, is := q.c.(SubmitDossier); is && (q.x.Procedure == nil || q.x.Procedure.ID != string(c.Procedure)) {
		return unknownProcedure(c.Procedure)
	}
	if bad := q.misstated(); bad != nil {
		return bad
	}
	if field := q.importedValue(); field != "" && !q.x.imports() {
		return importOnly(field)
	}
	return nil
}

// importedValue names the field that only an import may fill.
func (q question) importedValue() string {
	switch c := q.c.(type) {
	case SubmitDossier:
		if c.ExternalCode != "" {
			return "external_code"
		}
	case RecordOpinion:
		if c.Verdict == VerdictUnknown {
			return "verdict"
		}
	case RecordStep:
		switch {
		case c.Irregular != "":
			return "irregular"
		case c.source(Source{}) != Source{}:
			return "activity"
		}
	}
	if q.x.Source != (Source{}) {
		return "source"
	}
	return ""
}

func unknownProcedure(id Code) *domain.Invalid {
	return &domain.Invalid{Code: "unknown_procedure", Field: "procedure",
		VI: "Không có thủ tục “" + string(id) + "” trong danh mục. Chọn một thủ tục của danh mục (GET /v1/procedures).",
		EN: "The catalogue has no procedure “" + string(id) + "”. Choose one of the catalogue (GET /v1/procedures)."}
}

func importOnly(field string) *domain.Invalid {
	return &domain.Invalid{Code: "import_only", Field: field,
		VI: "Giá trị này của “" + field + "” chỉ dùng khi nhập lịch sử từ hệ thống cũ. Bỏ trống hoặc chọn giá trị khác.",
		EN: "This value of “" + field + "” is only for history imported from an old system. Leave it out or choose another."}
}
