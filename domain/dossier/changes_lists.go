package dossier

import (
	"strconv"
	"strings"
	"time"
)

// beside lists what differs in the parts of a state that have files of their own.
func (c *changes) beside(before, after *State) {
	c.list("facts", before.Facts, after.Facts)
	byPlace(c, "value", before.Values, after.Values, (*changes).given)
	c.list("entered", before.Entered, after.Entered)
	c.text("submitter", "", before.Submitter, after.Submitter)
	c.number("mandate", before.Mandate, after.Mandate)
	c.text("support", "unit", before.Agencies.Support, after.Agencies.Support)
	c.text("competent", "unit", before.Agencies.Competent, after.Agencies.Competent)
	c.list("components", parts(before.Components), parts(after.Components))
	c.list("insufficient", before.Insufficient(), after.Insufficient())
	byPlace(c, "work", before.Works, after.Works, (*changes).work)
	byPlace(c, "payment", before.Payments, after.Payments, (*changes).payment)
	byPlace(c, "transfer", before.Transfers, after.Transfers, (*changes).transfer)
	byPlace(c, "level", before.Endorsed, after.Endorsed, (*changes).endorsed)
	byPlace(c, "delegation", before.Delegations, after.Delegations, (*changes).delegation)
	byPlace(c, "paper", before.Papers, after.Papers, (*changes).paper)
	byPlace(c, "mistake", before.Mistakes, after.Mistakes, (*changes).mistake)
	byPlace(c, "link", before.Links, after.Links, (*changes).link)
	byPlace(c, "complaint", before.Complaints, after.Complaints, (*changes).complaint)
	c.number("messages", before.Messages.Count, after.Messages.Count)
	c.number("messages_open", len(before.Messages.Open), len(after.Messages.Open))
	c.number("files", len(before.Files), len(after.Files))
	c.number("files_signed", before.filesSigned(), after.filesSigned())
	c.text("signed_means", "means", string(before.Signature.Means), string(after.Signature.Means))
	c.text("signed_block", "signature_block", string(before.Signature.Block), string(after.Signature.Block))
	c.text("signed_for", "", before.Signature.For, after.Signature.For)
	c.text("signed_file", "", before.Signature.File, after.Signature.File)
	c.number("notes", before.Messages.Notes, after.Messages.Notes)
	c.text("delivery_way", "channel", string(before.Delivery.Way), string(after.Delivery.Way))
	c.text("delivery", "delivery_status", string(before.Delivery.Status), string(after.Delivery.Status))
	c.text("delivery_failure", "delivery_failure", string(before.Delivery.Reason), string(after.Delivery.Reason))
	c.time("promised", before.Apology.Promised, after.Apology.Promised)
	c.text("rating", "grade", string(before.Rating.Overall), string(after.Rating.Overall))
	c.time("adjusted", before.Adjusted.At, after.Adjusted.At)
	c.number("urges", before.Urges, after.Urges)
	c.text("undone", "command", before.Undone.Act, after.Undone.Act)
	c.text("undo_reason", "undo_reason", string(before.Undone.Reason), string(after.Undone.Reason))
	for i, is := range after.Corrected {
		if i >= len(before.Corrected) || before.Undone.Act != after.Undone.Act || len(before.Corrected) > len(after.Corrected) {
			c.text("corrected_to", "role", "", is.To)
			c.text("withdraws", "withdrawn", "", strings.Join(is.Withdraws, ", "))
		}
	}
	c.number("portal_code", before.Portal.Code, after.Portal.Code)
	c.text("portal_outcome", "portal_outcome", string(before.Portal.Outcome), string(after.Portal.Outcome))
	c.text("portal_error", "", before.Portal.Error, after.Portal.Error)
	c.number("portal_taken", before.Portal.Taken, after.Portal.Taken)
	c.number("portal_failures", before.Portal.Failures, after.Portal.Failures)
	c.number("message_files", enclosed(before.Files), enclosed(after.Files))
	c.time("archived_agency", before.Archived.Agency.At, after.Archived.Agency.At)
	c.time("archived_historical", before.Archived.Historical.At, after.Archived.Historical.At)
	c.text("archive_register", "", before.Archived.Register, after.Archived.Register)
	c.late("archive_late", before.Archived.Late, after.Archived.Late)
	c.time("disposal_after", before.DisposalAfter, after.DisposalAfter)
	c.text("disposal_decision", "", before.DisposalDecision, after.DisposalDecision)
	c.told(before.Fired, after.Fired)
}

// told lists what was told of timers since.
func (c *changes) told(before, after []Fired) {
	for i, f := range after {
		if i < len(before) && before[i] == f {
			continue
		}
		c.text("timer", "timer", "", string(f.Timer))
		c.text("notice", "notice", "", string(f.Notice))
		c.number("share", 0, f.Share)
		c.time("timer_due", time.Time{}, f.Due)
		c.text("tells", "", "", f.Tells)
	}
}

func parts(list []CheckedComponent) []string {
	codes := make([]string, len(list))
	for i, p := range list {
		codes[i] = p.Code
	}
	return codes
}

// byPlace goes through two lists whose entries are numbered by their place. Nothing is written for what is equal.
func byPlace[T comparable](c *changes, name string, before, after []T, differ func(c *changes, prefix string, was, is T)) {
	for i := range max(len(before), len(after)) {
		var was, is T
		if i < len(before) {
			was = before[i]
		}
		if i < len(after) {
			is = after[i]
		}
		if was != is {
			differ(c, name+"_"+strconv.Itoa(i+1)+"_", was, is)
		}
	}
}

func (c *changes) given(p string, was, is Given) {
	c.text(p+"field", "", string(was.Field), string(is.Field))
	c.text(p+"value", "", string(was.Value), string(is.Value))
}

func (c *changes) work(p string, was, is Work) {
	c.text(p+"kind", "work_kind", string(was.Kind), string(is.Kind))
	c.text(p+"step", "", was.Step, is.Step)
	c.text(p+"unit", "unit", was.Unit, is.Unit)
	c.time(p+"at", was.At, is.At)
	c.time(p+"due", was.Due, is.Due)
	c.text(p+"finding", "finding", string(was.Finding), string(is.Finding))
	c.time(p+"finished", was.FinishedAt, is.FinishedAt)
	c.late(p+"late", was.Late, is.Late)
}

func (c *changes) payment(p string, was, is Payment) {
	c.text(p+"stage", "payment_stage", string(was.Stage), string(is.Stage))
	c.number(p+"amount", was.Amount, is.Amount)
	c.time(p+"until", was.Until, is.Until)
	c.time(p+"paid", was.PaidAt, is.PaidAt)
	c.text(p+"method", "payment_method", string(was.Method), string(is.Method))
	c.text(p+"cancelled", "payment_reason", string(was.Cancelled), string(is.Cancelled))
	c.number(p+"refunded", was.Refunded, is.Refunded)
	c.late(p+"late", was.Late, is.Late)
}

func (c *changes) transfer(p string, was, is Transfer) {
	c.text(p+"to", "unit", was.To, is.To)
	c.text(p+"mode", "transfer_mode", string(was.Mode), string(is.Mode))
	c.text(p+"slip", "", was.Slip, is.Slip)
	c.time(p+"received", was.ReceivedAt, is.ReceivedAt)
	c.text(p+"refused", "transfer_refusal", string(was.Refused), string(is.Refused))
	c.late(p+"late", was.Late, is.Late)
}

func (c *changes) endorsed(p string, was, is Endorsement) {
	c.text(p+"by", "", was.By, is.By)
	c.text(p+"outcome", "proposal", string(was.Outcome), string(is.Outcome))
}

func (c *changes) delegation(p string, was, is Delegation) {
	c.text(p+"to", "", was.To, is.To)
	c.text(p+"block", "signature_block", string(was.Block), string(is.Block))
	c.time(p+"until", was.Until, is.Until)
}

func (c *changes) paper(p string, was, is Paper) {
	c.text(p+"code", "", was.Code, is.Code)
	c.text(p+"status", "paper_status", string(was.Status), string(is.Status))
	c.time(p+"valid", was.ValidUntil, is.ValidUntil)
	c.text(p+"reason", "revocation_reason", string(was.Reason), string(is.Reason))
	c.text(p+"decision", "", was.Decision, is.Decision)
}

func (c *changes) mistake(p string, was, is Mistake) {
	c.text(p+"part", "", was.Part, is.Part)
	c.text(p+"by", "error_origin", string(was.By), string(is.By))
	c.time(p+"due", was.Due, is.Due)
	c.time(p+"corrected", was.CorrectedAt, is.CorrectedAt)
	c.late(p+"late", was.Late, is.Late)
}

func (c *changes) link(p string, was, is Link) {
	c.text(p+"kind", "link_kind", string(was.Kind), string(is.Kind))
	c.text(p+"other", "", was.Other, is.Other)
}

func (c *changes) complaint(p string, was, is Complaint) {
	c.text(p+"kind", "complaint_kind", string(was.Kind), string(is.Kind))
	c.text(p+"other", "", was.Other, is.Other)
	c.time(p+"due", was.Due, is.Due)
	c.late(p+"late", was.Late, is.Late)
	c.text(p+"finding", "complaint_finding", string(was.Finding), string(is.Finding))
}
