package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// ErrUnreadable is answered for an address that holds what no text may: Postgres takes neither.
var ErrUnreadable error = &Failure{Status: http.StatusBadRequest, Code: "unreadable_address",
	VI: "Địa chỉ có ký tự không đọc được: dùng UTF-8, không có ký tự NUL", EN: "The address holds characters that cannot be read: use UTF-8 without NUL"}

// Readable says whether the path and the query of an address are text: UTF-8, and no NUL.
func Readable(u *url.URL) bool {
	if !isText(u.Path) {
		return false
	}
	return IsText(u.Query())
}

// IsText says whether all names and values of a form are text.
func IsText(form url.Values) bool {
	for name, values := range form {
		if !isText(name) || !isText(strings.Join(values, "")) {
			return false
		}
	}
	return true
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
