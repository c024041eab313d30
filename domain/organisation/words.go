package organisation

// says is what people read, Vietnamese first.
type says struct{ vi, en string }

var words = map[string]says{
	"agency": {"cơ quan", "agency"}, "unit": {"đơn vị", "unit"}, "account": {"tài khoản", "account"}, "delegation": {"việc giao", "delegation"},
	"kt": {"KT. (ký thay)", "KT. (deputy for the head)"}, "tl": {"TL. (thừa lệnh)", "TL. (by order)"}, "tuq": {"TUQ. (thừa ủy quyền)", "TUQ. (by authorisation)"},
	"head": {"đứng đầu", "head"}, "deputy": {"cấp phó", "deputy"},
}

// Word is the name of an entry, a kind or a rank; a code nobody has words for comes back as it is.
func Word(code, lang string) string {
	w, known := words[code]
	switch {
	case !known:
		return code
	case lang == "en":
		return w.en
	}
	return w.vi
}
