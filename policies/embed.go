// Package policies embeds the check pack.
package policies

import "embed"

// FS holds the pack: checks/<domain>/<name>/<name>.rego, and lib/.
//
//go:embed checks lib
var FS embed.FS
