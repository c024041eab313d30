package handlers

import (
	"dossier/domain"
	"dossier/handlers/signing"
)

// fileRefusals say why a file is not taken in, and how to mend it. Its content is deleted.
var fileRefusals = map[string]words{
	"executable":            {"Tệp là chương trình chạy được, dù tên nói khác. Gửi PDF, ảnh (PNG, JPEG, TIFF) hoặc văn bản DOCX, XLSX, ODT.", "The file is a program, whatever its name says. Send a PDF, an image (PNG, JPEG, TIFF) or a DOCX, XLSX or ODT document."},
	"active_content":        {"Tệp có nội dung tự chạy (mã lệnh, macro, HTML hoặc SVG). Xuất ra PDF rồi gửi lại.", "The file has content that runs by itself (script, macro, HTML or SVG). Export it as PDF and send that."},
	"unsupported_type":      {"Không nhận loại tệp này. Gửi PDF, PNG, JPEG, TIFF, DOCX, XLSX hoặc ODT.", "Files of this kind are not taken. Send PDF, PNG, JPEG, TIFF, DOCX, XLSX or ODT."},
	"broken_file":           {"Tệp hỏng hoặc bị cắt ngang. Mở thử trên máy, lưu lại rồi gửi.", "The file is broken or cut short. Open it on your machine, save it again and send that."},
	"archive_bomb":          {"Tệp giải nén ra lớn bất thường. Xuất ra PDF rồi gửi lại.", "The file unpacks into far more than it should. Export it as PDF and send that."},
	"nested_archive":        {"Trong tệp có tệp nén khác. Gỡ tệp nhúng ra và gửi riêng từng tệp.", "There is another archive in the file. Take embedded files out and send each by itself."},
	"too_many_members":      {"Tệp có quá nhiều thành phần. Xuất ra PDF rồi gửi lại.", "The file has too many parts. Export it as PDF and send that."},
	"encrypted_file":        {"Tệp được đặt mật khẩu nên không kiểm tra được. Bỏ mật khẩu rồi gửi lại.", "The file has a password, so it cannot be checked. Remove the password and send it again."},
	"infected":              {"Tệp có vi-rút và đã bị xóa. Quét máy của bạn, rồi gửi bản sạch.", "The file carries a virus and was deleted. Scan your machine, then send a clean copy."},
	"wrong_hash":            {"Nội dung nhận được không khớp SHA-256 đã báo. Gửi lại từ đầu với khóa mới.", "What came has not the SHA-256 that was announced. Send it anew under another key."},
	"longer_than_announced": {"Nhận được nhiều byte hơn đã báo. Báo đúng độ dài và gửi lại từ đầu.", "More bytes came than were announced. Announce the right length and send it anew."},
}

// refusedFor is the refusal of a file.
func refusedFor(reason string) error {
	if err := signing.Refusal(reason); err != nil {
		return err
	}
	w, known := fileRefusals[reason]
	if !known { // by a rule of the dossier, when it was to be attached
		w = words{"Tệp không được đính kèm (" + reason + "). Xem trạng thái hồ sơ.", "The file was not attached (" + reason + "). Look at the state of the dossier."}
	}
	return &domain.Refusal{Code: reason, Field: "file", VI: w.VI, EN: w.EN}
}
