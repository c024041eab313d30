package dossier

import (
	"fmt"
	"strings"
	"time"

	"dossier/domain"
)

// What is said about a body that cannot be understood: which field, and what would be accepted there.

func unknownCommand(name string) *domain.Invalid {
	names := strings.Join(CommandNames(), ", ")
	return &domain.Invalid{Code: "unknown_command",
		VI: fmt.Sprintf("Không có việc “%s”. Nhận: %s.", clip(name), names),
		EN: fmt.Sprintf("There is no command “%s”. Accepted: %s.", clip(name), names)}
}

func malformed(why string) *domain.Invalid {
	return &domain.Invalid{Code: "malformed_json",
		VI: "Nội dung không phải một đối tượng JSON đúng (" + why + "). Gửi đúng một đối tượng, mã hóa UTF-8.",
		EN: "The body is not one well-formed JSON object (" + why + "). Send exactly one object in UTF-8."}
}

func duplicate(name string) *domain.Invalid {
	return &domain.Invalid{Code: "duplicate_field", Field: clip(name),
		VI: "Trường “" + clip(name) + "” có hai lần. Ghi mỗi trường một lần.",
		EN: "The field “" + clip(name) + "” stands there twice. Give each field once."}
}

func unknownField(name string, known []field) *domain.Invalid {
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	return &domain.Invalid{Code: "unknown_field", Field: clip(name),
		VI: fmt.Sprintf("Không có trường “%s” ở đây. Nhận: %s.", clip(name), list(names, "vi")),
		EN: fmt.Sprintf("There is no field “%s” here. Accepted: %s.", clip(name), list(names, "en"))}
}

func missing(name string, example any) *domain.Invalid {
	vi, en := accepted(example)
	return &domain.Invalid{Code: "missing", Field: name,
		VI: "Thiếu “" + name + "”. Ghi " + vi + ".",
		EN: "“" + name + "” is missing. Give " + en + "."}
}

func wrongType(name string, example any) *domain.Invalid {
	vi, en := accepted(example)
	return &domain.Invalid{Code: "wrong_type", Field: name,
		VI: "“" + name + "” không đúng kiểu. Ghi " + vi + ".",
		EN: "“" + name + "” has the wrong type. Give " + en + "."}
}

func notInList(name string, values []string) *domain.Invalid {
	return &domain.Invalid{Code: "not_in_list", Field: name,
		VI: "“" + name + "” nhận một trong: " + strings.Join(values, ", ") + ".",
		EN: "“" + name + "” is one of: " + strings.Join(values, ", ") + "."}
}

func badCode(name string) *domain.Invalid {
	return &domain.Invalid{Code: "bad_code", Field: name,
		VI: "“" + name + "” nhận mã dài 1 đến 64 ký tự: chữ thường a–z, số và . _ : -, không nhận họ tên, số giấy tờ, số điện thoại.",
		EN: "“" + name + "” takes a code of 1 to 64 characters: a–z, digits and . _ : -, never a name, an identity number or a telephone number."}
}

func badValue(name string) *domain.Invalid {
	return &domain.Invalid{Code: "bad_value", Field: name,
		VI: "“" + name + "” nhận số, true/false, ngày hoặc mã dài 1 đến 64 ký tự không dấu, không nhận họ tên, số giấy tờ, số điện thoại.",
		EN: "“" + name + "” takes a number, true or false, a date or a code of 1 to 64 plain characters, never a name, an identity number or a telephone number."}
}

func badTime(name string) *domain.Invalid {
	return &domain.Invalid{Code: "out_of_range", Field: name,
		VI: "“" + name + "” nhận thời điểm từ năm 1900, ví dụ 2026-11-23T14:32:00+07:00.",
		EN: "“" + name + "” takes a time from the year 1900 on, such as 2026-11-23T14:32:00+07:00."}
}

func outOfRange(name string, lo, hi int) *domain.Invalid {
	return &domain.Invalid{Code: "out_of_range", Field: name,
		VI: fmt.Sprintf("“%s” nhận số từ %d đến %d.", name, lo, hi),
		EN: fmt.Sprintf("“%s” takes a number from %d to %d.", name, lo, hi)}
}

func tooMany(name string, most int) *domain.Invalid {
	return &domain.Invalid{Code: "too_many", Field: name,
		VI: fmt.Sprintf("“%s” nhận nhiều nhất %d mục.", name, most),
		EN: fmt.Sprintf("“%s” takes at most %d entries.", name, most)}
}

func twice(name, item string) *domain.Invalid {
	return &domain.Invalid{Code: "duplicate_item", Field: name,
		VI: "Mục “" + item + "” có hai lần trong “" + name + "”. Ghi mỗi mục một lần.",
		EN: "The entry “" + item + "” stands twice in “" + name + "”. Give each entry once."}
}

// accepted says what a field of this type takes.
func accepted(example any) (vi, en string) {
	switch x := example.(type) {
	case interface{ values() []string }:
		values := strings.Join(x.values(), ", ")
		return "một trong: " + values, "one of: " + values
	case []Code:
		return "danh sách mã, ví dụ [\"tp-1\"]", "a list of codes, such as [\"tp-1\"]"
	case Text:
		return "nội dung viết trong dấu nháy", "what is to be said, in quotes"
	case []Part:
		return "danh sách đối tượng, ví dụ [{\"code\": \"tp-1\", \"kind\": \"paper\", \"originals\": 1}]", "a list of objects, such as [{\"code\": \"tp-1\", \"kind\": \"paper\", \"originals\": 1}]"
	case []Enclosure:
		return "danh sách tệp, ví dụ [{\"file\": \"0197f2aa-0000-7000-8000-0000000000f1\"}]", "a list of files, such as [{\"file\": \"0197f2aa-0000-7000-8000-0000000000f1\"}]"
	case []Given:
		return "danh sách đối tượng, ví dụ [{\"field\": \"application.head_count\", \"value\": \"20\"}]", "a list of objects, such as [{\"field\": \"application.head_count\", \"value\": \"20\"}]"
	case []Entry:
		return "danh sách đối tượng, ví dụ [{\"field\": \"application.phone\", \"text\": \"0912 345 678\"}]", "a list of objects, such as [{\"field\": \"application.phone\", \"text\": \"0912 345 678\"}]"
	case Value:
		return "một giá trị ghi trong dấu nháy, ví dụ \"20\"", "a value in quotes, such as \"20\""
	case time.Time:
		return "thời điểm, ví dụ 2026-11-23T14:32:00+07:00", "a time, such as 2026-11-23T14:32:00+07:00"
	case int:
		return "một số nguyên", "a whole number"
	case bool:
		return "true hoặc false", "true or false"
	}
	return "một mã, ví dụ \"mot-cua\"", "a code, such as \"mot-cua\""
}

// clip keeps an answer short whatever was sent.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
