package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/urfave/cli/v3"
)

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "say what this is", Flags: []cli.Flag{formatFlag()},
		Action: func(_ context.Context, cmd *cli.Command) error {
			t := &table{columns: []string{"dossier", "go", "platform"}}
			platform := runtime.GOOS + "/" + runtime.GOARCH
			t.add(map[string]string{"dossier": version(), "go": runtime.Version(), "platform": platform}, version(), runtime.Version(), platform)
			return t.print(a.stdout, cmd)
		},
	}
}

func (a *app) healthCommand() *cli.Command {
	return &cli.Command{
		Name: "health", Usage: "ask a running server whether it is ready (for container health checks)",
		Flags: []cli.Flag{&cli.StringFlag{Name: "url", Value: "http://127.0.0.1:8080/readyz", Sources: cli.EnvVars("DOSSIER_HEALTH_URL")}},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			status, body, err := get(ctx, cmd.String("url"))
			if err != nil {
				return err
			}
			if status != 200 {
				return checkError{fmt.Errorf("not ready (%d): %s", status, body)}
			}
			return nil
		},
	}
}
