package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The files of deploy/ci, as far as these tests look at them.
type (
	githubStep struct {
		Name, ID, If, Uses, Shell, Run string
		With, Env                      map[string]string
	}
	githubAction struct {
		Name, Description string
		Inputs            map[string]struct{ Description, Default string }
		Outputs           map[string]struct{ Description, Value string }
		Runs              struct {
			Using string
			Steps []githubStep
		}
	}
	githubWorkflow struct {
		Name        string
		On          map[string]any
		Permissions map[string]string
		Concurrency map[string]string
		Jobs        map[string]struct {
			RunsOn      string `yaml:"runs-on"`
			Timeout     int    `yaml:"timeout-minutes"`
			Permissions map[string]string
			Steps       []githubStep
		}
	}
	gitlabJob struct {
		Stage, Image string
		Rules        []map[string]string
		Variables    map[string]string
		Tokens       map[string]struct{ Aud string } `yaml:"id_tokens"`
		BeforeScript []string                        `yaml:"before_script"`
		Script       []string
		AllowFailure struct {
			ExitCodes []int `yaml:"exit_codes"`
		} `yaml:"allow_failure"`
		Artifacts struct {
			When, Access string
			Expire       string `yaml:"expire_in"`
			Paths        []string
			Reports      map[string]string
		}
	}
	azurePipeline struct {
		Trigger, PR string
		Schedules   []struct {
			Cron        string
			DisplayName string `yaml:"displayName"`
			Branches    struct{ Include []string }
			Always      bool
		}
		Pool      map[string]string
		Variables map[string]string
		Steps     []struct {
			Checkout, Bash, Task, Condition string
			DisplayName                     string `yaml:"displayName"`
			PersistCredentials              *bool  `yaml:"persistCredentials"`
			Inputs, Env                     map[string]string
		}
	}
)

// ci reads a file of deploy/ci; a key that is none of the type's is a mistake.
func ci[T any](t *testing.T, file string) T {
	t.Helper()
	f, err := os.Open(filepath.Join("../../deploy/ci", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var v T
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

var (
	expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)
	inputName  = regexp.MustCompile(`inputs\.([\w-]+)`)
	stepOutput = regexp.MustCompile(`steps\.([\w-]+)\.outputs\.([\w-]+)`)
	pinned     = regexp.MustCompile(`^[\w.-]+/[\w./-]+@v\d+$`)
)

// What the action and the workflow refer to is there, and no expression stands in a script, where its value would be code.
func TestGitHubFiles(t *testing.T) {
	action, workflow := ci[githubAction](t, "github/action.yml"), ci[githubWorkflow](t, "github/kubemuster.yml")
	if action.Runs.Using != "composite" || action.Name == "" || action.Description == "" {
		t.Errorf("it is no composite action: %+v", action)
	}
	outputs, used := map[string]string{}, map[string]bool{}
	refer := func(text string) {
		for _, m := range inputName.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
			if _, ok := action.Inputs[m[1]]; !ok {
				t.Errorf("there is no input %s", m[1])
			}
		}
		for _, m := range stepOutput.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(outputs[m[1]], m[2]+"=") {
				t.Errorf("step %s gives no output %s before it is read", m[1], m[2])
			}
		}
	}
	for _, s := range action.Runs.Steps {
		switch {
		case s.Run != "" && s.Shell != "bash", s.Uses != "" && !pinned.MatchString(s.Uses), (s.Run == "") == (s.Uses == ""):
			t.Errorf("step %q: shell %q, uses %q", s.Name, s.Shell, s.Uses)
		case expression.MatchString(s.Run):
			t.Errorf("step %q has an expression in its script; hand it over in env", s.Name)
		}
		refer(s.If)
		for _, text := range s.With {
			refer(text)
		}
		for _, text := range s.Env {
			refer(text)
		}
		if s.ID != "" {
			outputs[s.ID] = s.Run
		}
	}
	for name, o := range action.Outputs {
		refer(o.Value)
		if o.Description == "" {
			t.Errorf("output %s has no description", name)
		}
	}
	for name, in := range action.Inputs {
		if !used[name] || in.Description == "" {
			t.Errorf("input %s is not used, or has no description", name)
		}
	}

	job := workflow.Jobs["scan"]
	if len(workflow.Permissions) > 0 || fmt.Sprint(job.Permissions) != "map[contents:read id-token:write security-events:write]" || job.Timeout == 0 {
		t.Errorf("permissions are %v and %v, time-out %d", workflow.Permissions, job.Permissions, job.Timeout)
	}
	ours := 0
	for _, s := range job.Steps {
		if s.Uses != "./.github/actions/kubemuster" {
			if !pinned.MatchString(s.Uses) {
				t.Errorf("uses %q", s.Uses)
			}
			continue
		}
		ours++
		for name := range s.With {
			if _, ok := action.Inputs[name]; !ok {
				t.Errorf("the workflow gives the action %s, which is none of its inputs", name)
			}
		}
	}
	if ours != 1 {
		t.Errorf("the workflow uses the action %d times", ours)
	}
}

// ciScript is a service's script that scans.
type ciScript struct {
	name, script string
	env          map[string]string // of the step; over it come the service's own variables
	service      func(dir string) []string
	reports      func(dir string) []string // files that later steps take
	check        func(t *testing.T, dir, out string)
}

func ciScripts(t *testing.T) []ciScript {
	t.Helper()
	var all []ciScript
	action := ci[githubAction](t, "github/action.yml")
	with := ci[githubWorkflow](t, "github/kubemuster.yml").Jobs["scan"].Steps
	for _, s := range action.Runs.Steps {
		if !scans(s.Run) {
			continue
		}
		env := map[string]string{}
		for name, value := range s.Env {
			env[name] = expression.ReplaceAllStringFunc(value, func(e string) string {
				in := inputName.FindStringSubmatch(e)[1]
				if given, ok := with[len(with)-1].With[in]; ok {
					return given
				}
				return action.Inputs[in].Default
			})
		}
		all = append(all, ciScript{
			name: "github", script: s.Run, env: env,
			service: func(dir string) []string {
				return []string{"RUNNER_TEMP=" + dir, "GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary")}
			},
			reports: func(dir string) []string {
				var files []string
				for _, ext := range []string{"sarif", "md", "html", "json"} {
					files = append(files, filepath.Join(dir, "kubemuster-reports/kubemuster."+ext))
				}
				return append(files, filepath.Join(dir, "summary"))
			},
			check: func(t *testing.T, dir, _ string) {
				output, err := os.ReadFile(filepath.Join(dir, "output"))
				if err != nil || string(output) != "exit-code=10\nupload=true\n" {
					t.Errorf("the step's outputs are %q, %v", output, err)
				}
			},
		})
	}
	job := ci[map[string]gitlabJob](t, "gitlab/.gitlab-ci.yml")["kubemuster"]
	all = append(all, ciScript{
		name: "gitlab", script: strings.Join(job.Script, "\n"), env: job.Variables,
		service: func(string) []string { return nil },
		reports: func(dir string) []string {
			var files []string
			for _, file := range append(slices.Clone(job.Artifacts.Paths), job.Artifacts.Reports["junit"], job.Artifacts.Reports["sarif"]) {
				files = append(files, filepath.Join(dir, "work", file))
			}
			return files
		},
	})
	pipeline := ci[azurePipeline](t, "azure/azure-pipelines.yml")
	for _, s := range pipeline.Steps {
		script := s.Inputs["inlineScript"]
		if !scans(script) {
			continue
		}
		all = append(all, ciScript{
			name: "azure", script: script, env: s.Env,
			service: func(dir string) []string { return []string{"BUILD_ARTIFACTSTAGINGDIRECTORY=" + dir} },
			reports: func(dir string) []string {
				var files []string
				for _, s := range pipeline.Steps {
					for _, path := range []string{s.Inputs["pathToPublish"], s.Inputs["testResultsFiles"]} {
						if path != "" {
							files = append(files, strings.Replace(path, "$(Build.ArtifactStagingDirectory)", dir, 1))
						}
					}
				}
				return append(files, filepath.Join(dir, "CodeAnalysisLogs/kubemuster.sarif"), filepath.Join(dir, "kubemuster/kubemuster.html"))
			},
			check: func(t *testing.T, dir, out string) {
				if !strings.Contains(out, "##vso[task.uploadsummary]"+dir+"/kubemuster/kubemuster.md") {
					t.Errorf("the summary is not shown:\n%s", out)
				}
			},
		})
	}
	return all
}

func scans(script string) bool {
	return regexp.MustCompile(`(?m)^\s*kubemuster scan `).MatchString(script)
}

// runCIScripts runs each service's script as the service does, in the demo's clouds: the gate fails, and all that later steps
// take is there.
func runCIScripts(t *testing.T, shell *shell) {
	scripts := ciScripts(t)
	if len(scripts) != 3 {
		t.Fatalf("%d scripts scan", len(scripts))
	}
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			work := filepath.Join(dir, "work")
			if err := os.CopyFS(work, os.DirFS(shell.dir)); err != nil {
				t.Fatal(err)
			}
			if out, code := s.run(t, shell, dir); code != 10 || !strings.Contains(out, "kubemuster: the gate fails: ") {
				t.Fatalf("exit code %d\n%s", code, out)
			} else if s.check != nil {
				s.check(t, dir, out)
			}
			for _, file := range s.reports(dir) {
				found, err := filepath.Glob(file)
				if err != nil || len(found) == 0 {
					t.Errorf("a later step takes %s, which is not there: %v", file, err)
				}
				for _, file := range found {
					if info, err := os.Stat(file); err != nil || info.Size() == 0 {
						t.Errorf("a later step takes %s: %v", file, err)
					}
				}
			}
		})
		t.Run(s.name+"/more clusters than a file takes", func(t *testing.T) {
			if s.name == "azure" {
				t.Skip("its SARIF is not cut")
			}
			dir := t.TempDir()
			work := filepath.Join(dir, "work")
			if err := os.Mkdir(work, 0o700); err != nil {
				t.Fatal(err)
			}
			targets := "targets:\n"
			for i := range 21 {
				name := fmt.Sprintf("c%d.yaml", i)
				targets += "  - target: manifests://" + name + "\n"
				writeFile(t, filepath.Join(work, name), "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n")
			}
			writeFile(t, filepath.Join(work, "kubemuster.yaml"), targets)
			if out, code := s.run(t, shell, dir); code != 1 || !strings.Contains(out, "report is more than one holds") {
				t.Fatalf("exit code %d\n%s", code, out)
			}
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the script as its service does, in dir/work.
func (s ciScript) run(t *testing.T, shell *shell, dir string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.script)
	cmd.Dir = filepath.Join(dir, "work")
	cmd.Env = append(slices.Clone(shell.env), s.service(dir)...)
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	text, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// What the other scripts call is there: make's target, the plugins' names of variables; and they are whole.
func TestCISetup(t *testing.T) {
	var scripts []string
	for _, s := range ci[githubAction](t, "github/action.yml").Runs.Steps {
		scripts = append(scripts, s.Run)
	}
	job := ci[map[string]gitlabJob](t, "gitlab/.gitlab-ci.yml")["kubemuster"]
	scripts = append(scripts, strings.Join(job.BeforeScript, "\n"))
	for _, s := range ci[azurePipeline](t, "azure/azure-pipelines.yml").Steps {
		scripts = append(scripts, s.Bash)
	}
	built := 0
	for _, script := range scripts {
		if out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, out, script)
		}
		for _, m := range regexp.MustCompile(`make -C \S+ (\S+)`).FindAllStringSubmatch(script, -1) {
			built++
			if out, err := exec.CommandContext(t.Context(), "make", "-n", "-C", "../..", m[1]).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
	}
	if built != 3 {
		t.Errorf("%d scripts build", built)
	}
	// Reports name the ways into a cluster.
	if job.Artifacts.When != "always" || job.Artifacts.Access != "developer" {
		t.Errorf("GitLab's artifacts: %+v", job.Artifacts)
	}
}
