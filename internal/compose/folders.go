package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// Folder is a Compose project in a directory NODE/STACK. Its paths begin with the one
// that [Folders] was given, unchanged.
type Folder struct {
	// Node and Name are the names of the two directories.
	Node, Name string
	// Directory is the project's.
	Directory string
	// Documents are the files that Docker Compose reads by itself: one, or two with
	// an override.
	Documents []string
	// EnvFile is the project's .env, empty if there is none.
	EnvFile string
}

// Folders lists the Compose projects in the directories NODE/STACK below root, in the
// order of their names. It follows symbolic links at these two levels and never looks
// deeper. Hidden directories, and those without a Compose file, are left out. Its errors
// say what to do.
func Folders(root string) ([]Folder, error) {
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return nil, fmt.Errorf(`%q is not a directory: name the one that has NODE/STACK/compose.yaml below it, such as "${path.module}/nodes"`, root)
	}
	nodes, err := directories(root)
	if err != nil {
		return nil, err
	}
	var folders []Folder
	misplaced := ""
	for _, node := range nodes {
		found, err := foldersOf(root, node)
		if err != nil {
			return nil, err
		}
		folders = append(folders, found...)
		if file, err := first(below(root, node), cli.DefaultFileNames...); err == nil && file != "" {
			misplaced = file
		}
	}
	if len(folders) == 0 && misplaced != "" {
		return nil, fmt.Errorf("there is no NODE/STACK/compose.yaml below %q, but there is %s: if %[1]q is the directory of one node, name the directory above it; otherwise move the projects into directories named after their nodes", root, misplaced)
	}
	return folders, nil
}

func foldersOf(root, node string) ([]Folder, error) {
	stacks, err := directories(below(root, node))
	if err != nil {
		return nil, err
	}
	var folders []Folder
	for _, stack := range stacks {
		f := Folder{Node: node, Name: stack, Directory: below(below(root, node), stack)}
		if err := f.look(); err != nil {
			return nil, err
		}
		if len(f.Documents) > 0 {
			folders = append(folders, f)
		}
	}
	return folders, nil
}

// look finds the files in the folder's directory.
func (f *Folder) look() error {
	document, err := first(f.Directory, cli.DefaultFileNames...)
	if err != nil || document == "" {
		return err
	}
	if !projectName.MatchString(f.Name) {
		example := ""
		if accepted := loader.NormalizeProjectName(f.Name); accepted != "" {
			example = fmt.Sprintf(", to %q for example, which is how Docker Compose names its project", accepted)
		}
		return fmt.Errorf("%s: a stack cannot be named %q: use lower-case letters, digits, \"-\" and \"_\", beginning with a letter or digit. Rename the directory%s", f.Directory, f.Name, example)
	}
	f.Documents = []string{document}
	override, err := first(f.Directory, cli.DefaultOverrideFileNames...)
	if err != nil {
		return err
	}
	if override != "" {
		f.Documents = append(f.Documents, override)
	}
	f.EnvFile, err = first(f.Directory, environmentName)
	return err
}

// environmentName is also a common name for a directory (Python's virtual
// environments), of which Docker Compose takes no notice.
const environmentName = ".env"

// first returns the path of the first file that a directory has; "" if it has none.
func first(dir string, names ...string) (string, error) {
	for _, name := range names {
		path := below(dir, name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		info, err := localfile.Stat(path)
		switch {
		case err != nil:
			return "", unreadable(path, err)
		case !info.IsDir():
			return path, nil
		case name != environmentName:
			return "", fmt.Errorf("%s is a directory where a Compose file is expected: remove or rename it", path)
		}
	}
	return "", nil
}

// directories lists what is not hidden and a directory, or a symbolic link to one.
func directories(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	var names []string
	for _, entry := range entries {
		isDir := entry.IsDir()
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if entry.Type() == fs.ModeSymlink {
			info, err := os.Stat(below(dir, entry.Name()))
			if err != nil {
				return nil, unreadable(below(dir, entry.Name()), err)
			}
			isDir = info.IsDir()
		}
		if isDir {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// unreadable says what to do about a path that exists and cannot be read.
func unreadable(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err // the path is named once
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) {
		return fmt.Errorf("%s is a symbolic link that leads to nothing: correct or remove it", path)
	}
	return fmt.Errorf("%s cannot be read (%w): make it readable for whoever runs Terraform, or move it elsewhere", path, err)
}

// below joins two paths without cleaning the first, which may lead through symbolic
// links.
func below(dir, name string) string { return strings.TrimRight(dir, "/") + "/" + name }
