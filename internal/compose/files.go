package compose

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// fileMode is how configs and secrets are delivered unless the user says
// otherwise: everyone may read them, as under Docker Compose.
const fileMode = 0o444

// The sources of a delivered file that are not paths.
const (
	sourceContent     = "content"
	sourceEnvironment = "environment"
	sourceSecrets     = "secrets"
	sourceNode        = "homelab_secret"
)

// configTarget is where a config appears in a container.
func configTarget(ref types.FileReferenceConfig) string { return target("/", ref) }

// secretTarget is where a secret appears in a container.
func secretTarget(ref types.FileReferenceConfig) string { return target("/run/secrets", ref) }

func target(dir string, ref types.FileReferenceConfig) string {
	switch {
	case ref.Target == "":
		return path.Join(dir, ref.Source)
	case path.IsAbs(ref.Target):
		return path.Clean(ref.Target)
	}
	return path.Join(dir, ref.Target)
}

// files returns what is delivered to a service, ordered by target. Contents
// come from the real model; what is secret is known from the masked one.
func (l *load) files(ctx context.Context, actual, masked *model, name string) []desired.File {
	var files []desired.File
	s := masked.asWritten.Services[name]
	for _, ref := range s.Configs {
		config := types.FileObjectConfig(masked.asWritten.Configs[ref.Source])
		content := types.FileObjectConfig(actual.asWritten.Configs[ref.Source]).Content
		r := fileUse{types.FileReferenceConfig(ref), s, desired.FileConfig, configTarget(types.FileReferenceConfig(ref))}
		file := l.file(ctx, r, config, content, len(l.masks.in(config.Content)) > 0)
		file.Unknown = l.masks.guesses(config.Content)
		files = append(files, file)
	}
	for _, ref := range s.Secrets {
		secret := types.FileObjectConfig(masked.asWritten.Secrets[ref.Source])
		r := fileUse{types.FileReferenceConfig(ref), s, desired.FileSecret, secretTarget(types.FileReferenceConfig(ref))}
		if l.isOnNode(secret) {
			files = append(files, l.nodeSecret(r, secret.Name))
			continue
		}
		content, _ := l.secretValue(secret)
		file := l.file(ctx, r, secret, content, true)
		file.Unknown = secret.File == "" && l.masks.unknown[valueName(secret)]
		files = append(files, file)
	}
	for _, v := range s.Volumes {
		if isDelivered(v) {
			files = append(files, l.bind(ctx, s, v))
		}
		if use, ok := mountedSecret(v); ok {
			files = append(files, desired.File{Kind: desired.FileSecret, Name: use.Name, Target: path.Clean(v.Target), Source: sourceNode, Secret: &use})
		}
	}
	slices.SortFunc(files, func(a, b desired.File) int { return strings.Compare(a.Target, b.Target) })
	return files
}

// fileUse is a service's use of a config or secret.
type fileUse struct {
	types.FileReferenceConfig
	service types.ServiceConfig
	kind    desired.FileKind
	target  string
}

// file delivers a config or secret.
func (l *load) file(ctx context.Context, r fileUse, object types.FileObjectConfig, content string, secret bool) desired.File {
	file := desired.File{Kind: r.kind, Name: r.Source, Target: r.target, Source: sourceContent}
	switch {
	case object.File != "":
		l.readLocal(ctx, &file, r.service, object.File)
	case bool(object.External):
		file.Source = sourceSecrets
	case object.Environment != "":
		file.Source = sourceEnvironment
	}
	if object.File == "" {
		file.Entries = []desired.Entry{{Path: desired.FileEntry, Mode: fileMode, Content: []byte(content), SizeBytes: int64(len(content))}}
	}
	l.own(&file, r)
	if secret {
		l.hold(ctx, &file, r.service)
	} else {
		l.digest(ctx, &file, r.service)
	}
	return file
}

// hold reads a secret's files into memory: a secret is recognised by its value,
// and no digest of it may take the value's place.
func (l *load) hold(ctx context.Context, file *desired.File, s types.ServiceConfig) {
	for i := range file.Entries {
		e := &file.Entries[i]
		if e.Local == "" {
			continue
		}
		content, err := readAll(ctx, e.Local)
		if err != nil {
			l.addServiceError(s.Name, string(file.Kind), "%s %q cannot be delivered: %v", file.Kind, file.Name, err)
			return
		}
		e.Content, e.SizeBytes, e.Local = content, int64(len(content)), ""
	}
}

func readAll(ctx context.Context, path string) ([]byte, error) {
	file, err := localfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(localfile.NewReader(ctx, file))
}

// own gives a file's entries the owner and mode that the user wrote.
func (l *load) own(file *desired.File, r fileUse) {
	key := string(r.kind)
	for i := range file.Entries {
		e := &file.Entries[i]
		if r.UID != "" {
			e.UID = l.number(r.service, key+": uid", r.UID)
		}
		if r.GID != "" {
			e.GID = l.number(r.service, key+": gid", r.GID)
		}
		if file.Directory {
			continue
		}
		if r.Mode != nil {
			e.Mode = uint32(*r.Mode) & uint32(fs.ModePerm)
		} else {
			e.Mode = fileMode | e.Mode&0o111 // a script stays one
		}
	}
	if file.Directory && r.Mode != nil {
		l.addServiceError(r.service.Name, key, "%s: %q is a directory, whose files keep their modes: remove mode", key, r.Source)
	}
}

// bind delivers a relative bind mount.
func (l *load) bind(ctx context.Context, s types.ServiceConfig, v types.ServiceVolumeConfig) desired.File {
	file := desired.File{Kind: desired.FileBind, Name: filepath.ToSlash(filepath.Clean(v.Source)), Target: path.Clean(v.Target)}
	l.readLocal(ctx, &file, s, v.Source)
	for i := range file.Entries {
		// Nobody writes to a read-only mount, and whether group and others
		// could differs with the umask of a checkout.
		file.Entries[i].Mode &^= 0o022
	}
	l.digest(ctx, &file, s)
	bind := mount(nil, v)
	file.Bind = &bind
	if !v.ReadOnly {
		l.warn(desired.DeliveredReadOnly(s.Name, &file))
	}
	return file
}

// readLocal reads a file or directory where Terraform runs.
func (l *load) readLocal(ctx context.Context, file *desired.File, s types.ServiceConfig, source string) {
	local, _ := l.local(source)
	file.Source = local
	if filepath.IsAbs(source) {
		l.warn(string(file.Kind) + " " + quote(file.Name) + " is read from " + source + " where Terraform runs, not on the node")
	}
	info, err := localfile.Stat(local)
	if err == nil && info.IsDir() {
		file.Directory = true
		var tree archive.Tree
		tree, err = archive.Walk(ctx, local)
		file.Entries = tree.Entries
		l.warnLeftOut(s.Name, string(file.Kind)+" "+quote(file.Name), archive.IgnoreFile, tree.LeftOut)
	} else if err == nil {
		file.Entries = []desired.Entry{{Path: desired.FileEntry, Mode: uint32(info.Mode()), Local: local, SizeBytes: info.Size()}}
	}
	if err != nil {
		l.addServiceError(s.Name, string(file.Kind), "%s %q cannot be delivered: %v", file.Kind, file.Name, err)
	}
}

// warnLeftOut says what of a directory does not get to the node. Mentioned in the
// ignore file it is left out, or with "!" sent, without a warning.
func (l *load) warnLeftOut(service, what, ignoreFile string, paths []string) {
	if len(paths) == 0 {
		return
	}
	const most = 10
	list := strings.Join(paths[:min(len(paths), most)], ", ")
	if more := len(paths) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	l.warn("service " + quote(service) + ": " + what + " is sent without " + list + ", which Terraform and Git keep there for themselves: name them in its " +
		ignoreFile + " to have them left out without this warning, or with ! before the name to have them sent")
}

func (l *load) digest(ctx context.Context, file *desired.File, s types.ServiceConfig) {
	sum, err := archive.Digest(ctx, file.Entries)
	if err != nil {
		l.addServiceError(s.Name, string(file.Kind), "%s %q cannot be delivered: %v", file.Kind, file.Name, err)
	}
	file.Digest = sum
}

// valueName is the name by which a secret that is not a file has its value.
func valueName(secret types.FileObjectConfig) string {
	if bool(secret.External) {
		return secret.Name
	}
	return secret.Environment
}

// secretValue finds the value of a secret that is not a file.
func (l *load) secretValue(secret types.FileObjectConfig) (string, bool) {
	name := valueName(secret)
	if l.masks.unknown[name] {
		return l.masks.byName[name], true
	}
	if value, ok := l.in.Secrets[name]; ok {
		return value, true
	}
	value, ok := l.in.Variables[name]
	return value, ok && !bool(secret.External)
}

// secretName is what a homelab_secret may be called.
var secretName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// isOnNode reports whether an external secret is a resource of its own on the node.
// Otherwise it gets its value from the stack's secrets.
func (l *load) isOnNode(secret types.FileObjectConfig) bool {
	_, given := l.masks.byName[secret.Name]
	return bool(secret.External) && !given
}

// nodeSecret is a use of a secret that is on the node already. What is said of its
// owner and mode can only be held against what the file has.
func (l *load) nodeSecret(r fileUse, name string) desired.File {
	use := &desired.NodeSecret{Name: name}
	if r.UID != "" {
		uid := l.number(r.service, "secrets: uid", r.UID)
		use.UID = &uid
	}
	if r.GID != "" {
		gid := l.number(r.service, "secrets: gid", r.GID)
		use.GID = &gid
	}
	if r.Mode != nil {
		mode := desired.Mode(*r.Mode)
		use.Mode = &mode
	}
	return desired.File{Kind: r.kind, Name: r.Source, Target: r.target, Source: sourceNode, Secret: use}
}

// mountedSecret returns the secret whose file is mounted by its path on the node, as
// homelab_secret gives it out; false if the mount is not one of a secret.
func mountedSecret(v types.ServiceVolumeConfig) (desired.NodeSecret, bool) {
	if v.Type != types.VolumeTypeBind || !v.ReadOnly {
		return desired.NodeSecret{}, false
	}
	return desired.ParseSecretFile(v.Source)
}

// checkFileReferences reports configs and secrets in use that have no source.
func (l *load) checkFileReferences(m *model) {
	for _, name := range sortedKeys(m.asWritten.Configs) {
		config := types.FileObjectConfig(m.asWritten.Configs[name])
		l.checkSource("configs", name, config.File)
		if _, ok := m.asWritten.Environment[config.Environment]; config.Environment != "" && config.Content == "" && !ok {
			l.addErrorAt(fieldPath{"configs", name, "environment"}, "config %q: %q is not set: set it in variables or secrets", name, config.Environment)
		}
	}
	for _, name := range sortedKeys(m.asWritten.Secrets) {
		secret := types.FileObjectConfig(m.asWritten.Secrets[name])
		l.checkSource("secrets", name, secret.File)
		if l.isOnNode(secret) {
			if !secretName.MatchString(secret.Name) {
				l.addErrorAt(fieldPath{"secrets", name, "name"}, "secret %q: %q cannot be the name of a homelab_secret: it begins with a letter or digit, and has letters, digits, \".\", \"_\" and \"-\"", name, secret.Name)
			}
			continue
		}
		if _, ok := l.secretValue(secret); secret.File == "" && !ok {
			l.addError("secrets", "the Compose secret %q takes its value from %q, which is not set: add it to secrets", name, secret.Environment)
		}
	}
}

func (l *load) checkSource(section, name, file string) {
	if file == "" {
		return
	}
	at := fieldPath{section, name, "file"}
	local, ok := l.local(file)
	if !ok {
		l.addError("project_directory", "%s %q names the relative path %q: set project_directory, the directory that it starts from", section, name, file)
		return
	}
	if _, err := localfile.Stat(local); err != nil {
		l.addErrorAt(at, "%s %q: file %q cannot be read: %v (looked for %s)", section, name, file, reason(err), local)
	}
}
