package main

import (
	"runtime/debug"

	"github.com/urfave/cli/v3"
)

// commands is the table of everything `dossier` can do.
func (a *app) commands() *cli.Command {
	return strict(reach(group(&cli.Command{
		Name:                  "dossier",
		Usage:                 "process administrative dossiers (hồ sơ thủ tục hành chính) from immutable events",
		Description:           "Exit codes: 0 ok, 1 failed, 2 usage, 3 a check did not hold. Data goes to stdout, talk to stderr.",
		Version:               version(),
		Suggest:               true,
		EnableShellCompletion: true,
		Writer:                a.stdout,
		ErrWriter:             a.stderr,
		Commands: []*cli.Command{
			a.devCommand(),
			a.serveCommand(),
			a.migrateCommand(),
			a.configCommand(),
			a.healthCommand(),
			a.submitCommand(),
			a.doCommand(),
			a.bulkCommand(),
			a.fileCommand(),
			a.signCommand(),
			a.signatureCommand(),
			a.showCommand(),
			a.receiptCommand(),
			a.historyCommand(),
			a.resultsCommand(),
			a.eventsCommand(),
			a.accessCommand(),
			a.keyCommand(), a.sessionCommand(), a.subjectCommand(),
			a.importCommand(),
			a.deadlineCommand(),
			a.proceduresCommand(),
			a.calendarsCommand(),
			a.organisationCommand(),
			a.sandboxCommand(),
			a.codesCommand(),
			a.personCommand(),
			a.wordsCommand(), a.lookUpCommand(), a.earlierCommand(),
			a.vaultCommand(),
			a.timersCommand(),
			a.feeCommand(),
			a.tillCommand(),
			a.moneyCommand(),
			a.domainCommand(),
			a.verifyCommand(),
			a.projectionsCommand(),
			a.parkedCommand(),
			a.recoverCommand(),
			a.archiveCommand(),
			a.clockCommand(),
			a.benchCommand(),
			a.versionCommand(),
		},
	}), ""))
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return v + " " + s.Value[:12]
		}
	}
	return v
}

// dataFlag says which development folder a command works on.
func dataFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "data", Usage: "folder of the development stack", DefaultText: "in the user's state directory",
		Sources: cli.EnvVars("DOSSIER_DATA"), TakesFile: true,
	}
}

// asFlag says who acts; only a development stack believes it.
func asFlag(standard string) cli.Flag {
	return &cli.StringFlag{Name: "as", Usage: "the account that acts (development only)", Value: standard, Sources: cli.EnvVars("DOSSIER_AS")}
}

// formatFlag chooses how a read prints.
func formatFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "output", Aliases: []string{"o"}, Value: "table", Usage: "table, json, jsonl or csv", Sources: cli.EnvVars("DOSSIER_OUTPUT"),
	}
}
