package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/policies"
)

// newEngine compiles our own checks and these packs.
func newEngine(ctx context.Context, list ...config.Pack) (*policy.Engine, error) {
	packs := []policy.Pack{ownPack()}
	for _, p := range list {
		source := policy.Source{Path: p.Path, Key: p.Key, CAFile: p.CAFile}
		for _, secret := range []struct {
			key, ref string
			value    *string
		}{{"username", p.Username, &source.Username}, {"password", p.Password, &source.Password}} {
			if secret.ref == "" {
				continue
			}
			value, err := scan.ResolveSecret(secret.ref)
			if err != nil {
				return nil, fmt.Errorf("the %s of pack %s: %w; write env:NAME or file:PATH", secret.key, p.Path, err)
			}
			*secret.value = value.Reveal()
		}
		pack, err := policy.Open(ctx, source)
		if err != nil {
			return nil, err
		}
		packs = append(packs, pack)
	}
	return policy.New(ctx, packs...)
}

func ownPack() policy.Pack {
	return policy.Pack{Name: "kubemuster", FS: policies.FS, Version: version}
}

// configuredEngine compiles the packs that the configuration names, and has them judge as it says.
func configuredEngine(ctx context.Context, c *config.Config) (*policy.Engine, error) {
	engine, err := newEngine(ctx, c.Packs...)
	if err != nil {
		return nil, err
	}
	engine, err = engine.Configure(ctx, policy.Settings{
		Select: c.Checks, Skip: c.SkipCheck, Frameworks: c.Frameworks, MinSeverity: c.MinSeverity, Severity: c.Severity, Parameters: c.Parameters, Timeout: c.CheckTimeout,
	})
	var setting *policy.SettingError
	if errors.As(err, &setting) {
		if place := c.Place("policies." + setting.Key); place != "" {
			return nil, fmt.Errorf("%s: policies.%s: %w", place, setting.Key, err)
		}
	}
	return engine, err
}
