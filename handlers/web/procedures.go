package web

import (
	"net/http"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dossier/domain/procedure"
)

// sectors are the fields of the catalogue, in words.
var sectors = []struct {
	Code string
	Words
}{
	{"animal-health", Words{"Thú y", "Animal health"}},
	{"livestock", Words{"Chăn nuôi", "Livestock"}},
	{"plant-protection", Words{"Bảo vệ thực vật", "Plant protection"}},
	{"crop-production", Words{"Trồng trọt", "Crop production"}},
	{"forestry", Words{"Lâm nghiệp", "Forestry"}},
	{"quality", Words{"Chất lượng, an toàn thực phẩm", "Quality and food safety"}},
}

type sectorCount struct {
	Code, Words string
	Count       int
	Chosen      bool
}

type procedurePage struct {
	Query   string
	Sectors []sectorCount
	Rows    []procedureRow
	Said    string
	Assumed bool
}

type procedureRow struct {
	ID, Name, Code, Limit, Sector string
	Open                          bool
}

// procedures finds procedures of the catalogue, with or without tone marks.
func (s *site) procedures(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	p := procedurePage{Query: strings.TrimSpace(q.Get("q")), Sectors: v.countSectors(q.Get("sector"))}
	for _, version := range v.rules.Today() {
		if !matches(version, p.Query) || (q.Get("sector") != "" && version.Sector != q.Get("sector")) {
			continue
		}
		p.Assumed = p.Assumed || version.Assumed
		p.Rows = append(p.Rows, procedureRow{version.ID, procedureName(version, v.lang), nationalCode(version), limit(version, v.lang), sectorWords(version.Sector, v.lang), version.OpenForFiling})
	}
	p.Said = v.count(len(p.Rows), "thủ tục", "procedure")
	v.Roomy, v.cacheable = true, v.Actor == nil
	return s.render(w, r, v, http.StatusOK, "procedures", Words{"Thủ tục", "Procedures"}.In(v.lang), p)
}

func (v *visit) countSectors(chosen string) []sectorCount {
	counts := map[string]int{}
	for _, version := range v.rules.Today() {
		counts[version.Sector]++
	}
	var out []sectorCount
	for _, sector := range sectors {
		if n := counts[sector.Code]; n > 0 {
			out = append(out, sectorCount{sector.Code, sector.In(v.lang), n, sector.Code == chosen})
		}
	}
	return out
}

func sectorWords(code string, l Lang) string {
	for _, sector := range sectors {
		if sector.Code == code {
			return sector.In(l)
		}
	}
	return label("sector", code, l)
}

// matches wants each word of the question to begin a word of the procedure's names or codes.
func matches(v procedure.Version, query string) bool {
	in := " " + strings.Join(wordsOf(v.NameVI+" "+v.NameEN+" "+v.ID+" "+nationalCode(v)), " ")
	for _, word := range wordsOf(query) {
		if !strings.Contains(in, " "+word) {
			return false
		}
	}
	return true
}

// wordsOf takes a text apart at everything that is no letter, digit or the point inside a code.
func wordsOf(text string) []string {
	return strings.FieldsFunc(fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' })
}

// fold takes tone and vowel marks off and makes letters small, so that "gia han thu y" finds "Gia hạn … thú y".
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case r >= 0x300 && r <= 0x36f: // a combining mark
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func procedureName(v procedure.Version, l Lang) string {
	if l == EN && v.NameEN != "" {
		return v.NameEN
	}
	return v.NameVI
}

func nationalCode(v procedure.Version) string {
	if v.Code == nil {
		return ""
	}
	return *v.Code
}

// limit says the time the law gives, with the mark of a value that rests on no source that was read.
func limit(v procedure.Version, l Lang) string {
	text := Words{v.LimitVI, v.LimitEN}.In(l)
	if text == "" {
		return Words{"không ghi thời hạn", "no limit stated"}.In(l)
	}
	if v.Assumed {
		text += " (*)"
	}
	return strings.ReplaceAll(noBreak(text), nb+"+"+nb, " + ") // may break between its stages only
}

// titleOf is the name of a dossier's procedure; one of another system is called by what that system called it.
func (v *visit) titleOf(id string) string {
	if version, ok := v.rules.Version(id, 0); ok {
		return procedureName(version, v.lang)
	}
	return Words{"Thủ tục của hệ thống cũ: %s", "Procedure of another system: %s"}.In(v.lang, strings.TrimPrefix(id, "ext:"))
}
