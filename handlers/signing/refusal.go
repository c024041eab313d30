package signing

import (
	"errors"

	"dossier/domain"
)

// ErrRevocationUnknown says that nobody answers whether a certificate was revoked: nothing is believed until somebody does.
var ErrRevocationUnknown = errors.New("nobody says whether the certificate was revoked")

// The codes of what may be wrong with a signature.
const (
	Malformed    = "signature_malformed"
	Algorithm    = "signature_algorithm"
	Altered      = "signature_altered"
	UnknownChain = "signature_unknown_chain"
	WrongUse     = "signature_wrong_use"
	Expired      = "signature_expired"
	NotYetValid  = "signature_not_yet_valid"
	Revoked      = "signature_revoked"
	WithoutTime  = "signature_without_time"
	TimeAhead    = "signature_time_ahead"
	StampAltered = "signature_stamp_altered"
)

// The law on electronic transactions says what a digital signature is, its decree what certificates are.
const (
	decree  = "NĐ 23/2025"
	lawBase = "Luật Giao dịch điện tử 2023, Điều 22"
)

var said = map[string]struct{ vi, en, basis string }{
	Malformed:    {"Chữ ký số không đọc được. Gửi JWS tách rời dạng JSON (protected, signature, header.tst) do phần mềm ký tạo ra, không sửa.", "The signature cannot be read. Send the detached JWS in JSON (protected, signature, header.tst) as the signing software made it.", lawBase},
	Algorithm:    {"Thuật toán hoặc độ dài khóa của chữ ký không được chấp nhận. Ký lại bằng ES256, EdDSA, PS256 hoặc RS256, khóa RSA từ 2048 bit.", "The algorithm or the length of the key is not taken. Sign again with ES256, EdDSA, PS256 or RS256; an RSA key has 2048 bits or more.", lawBase},
	Altered:      {"Nội dung đã bị thay đổi sau khi ký, hoặc chữ ký thuộc tệp khác. Gửi đúng tệp đã ký, hoặc ký lại tệp này.", "The content was altered after it was signed, or the signature belongs to another file. Send the file that was signed, or sign this one.", lawBase},
	UnknownChain: {"Chứng thư số không do tổ chức chứng thực mà hệ thống tin cậy cấp. Ký bằng chứng thư của tổ chức được cấp phép, gửi kèm đủ chuỗi chứng thư (x5c).", "The certificate was not issued by an authority that is trusted here. Sign with one of a licensed authority, and send the whole chain (x5c).", decree},
	WrongUse:     {"Chứng thư số không dùng để ký. Chọn chứng thư có mục đích ký số.", "The certificate is not for signing. Choose one that is.", decree},
	Expired:      {"Chứng thư số đã hết hạn khi ký. Gia hạn chứng thư rồi ký lại.", "The certificate had expired when it was signed with. Renew it and sign again.", decree},
	NotYetValid:  {"Chứng thư số chưa có hiệu lực khi ký. Kiểm tra đồng hồ của máy ký, rồi ký lại.", "The certificate was not valid yet when it was signed with. Check the clock of the signing machine and sign again.", decree},
	Revoked:      {"Chứng thư số đã bị thu hồi tại thời điểm ký. Ký lại bằng chứng thư còn hiệu lực.", "The certificate was revoked at the time of signing. Sign again with one that stands.", decree},
	WithoutTime:  {"Chữ ký không có thời điểm ký. Ký lại có kèm dấu thời gian (header.tst), hoặc ít nhất thời điểm ký (iat).", "The signature says no time. Sign again with a time-stamp (header.tst), or at least the time of signing (iat).", lawBase},
	TimeAhead:    {"Thời điểm ký ở tương lai. Kiểm tra đồng hồ của máy ký, rồi ký lại.", "The time of signing is in the future. Check the clock of the signing machine and sign again.", lawBase},
	StampAltered: {"Dấu thời gian không thuộc chữ ký này, hoặc không do tổ chức cấp dấu thời gian tin cậy cấp. Xin dấu thời gian mới.", "The time-stamp does not belong to this signature, or is not of a trusted authority. Ask for another.", lawBase},
}

func refuse(code string) error {
	w := said[code]
	return &domain.Refusal{Code: code, Field: "signature", Basis: w.basis, VI: w.vi, EN: w.en}
}

// Refusal is what is said under a code of this package, nil for any other.
func Refusal(code string) error {
	if _, ours := said[code]; !ours {
		return nil
	}
	return refuse(code)
}

// Refuses says whether an error is about the signature itself, so that asking again changes nothing.
func Refuses(err error) bool {
	var r *domain.Refusal
	return errors.As(err, &r) && said[r.Code].en != ""
}
