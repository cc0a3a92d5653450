package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/policies"
)

// newEngine compiles our own checks and these packs.
func newEngine(ctx context.Context, list ...config.Pack) (*policy.Engine, error) {
	packs := []policy.Pack{{Name: "kubemuster", FS: policies.FS}}
	for _, p := range list {
		if info, err := os.Stat(p.Path); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("--policy %s is no folder; name one that holds checks/ and, if needed, lib/", p.Path)
		}
		packs = append(packs, policy.Pack{Name: filepath.ToSlash(filepath.Clean(p.Path)), FS: os.DirFS(p.Path)})
	}
	return policy.New(ctx, packs...)
}

// configuredEngine compiles the packs that the configuration names, and has them judge as it says.
func configuredEngine(ctx context.Context, c *config.Config) (*policy.Engine, error) {
	engine, err := newEngine(ctx, c.Packs...)
	if err != nil {
		return nil, err
	}
	engine, err = engine.Configure(ctx, policy.Settings{
		Select: c.Checks, Skip: c.SkipCheck, Frameworks: c.Frameworks, MinSeverity: c.MinSeverity, Severity: c.Severity, Parameters: c.Parameters,
	})
	var setting *policy.SettingError
	if errors.As(err, &setting) {
		if place := c.Place("policies." + setting.Key); place != "" {
			return nil, fmt.Errorf("%s: policies.%s: %w", place, setting.Key, err)
		}
	}
	return engine, err
}
