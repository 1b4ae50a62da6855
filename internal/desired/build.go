package desired

// Build is an image build whose context was read where Terraform runs.
type Build struct {
	// Context is the directory the build context is read from.
	Context string
	// Dockerfile is the path inside the context.
	Dockerfile string
	// DockerfileInline replaces Dockerfile when it is not empty.
	DockerfileInline string
	Args             map[string]*string
	Target           string
	Labels           map[string]string
	ExtraHosts       []string
	Network          string
	ShmSizeBytes     int64
	NoCache          bool
	Pull             bool
	CacheFrom        []string
	Tags             []string
	Platform         string
	// Hash is a digest of the context's files and of everything above; it
	// names what the image was built from.
	Hash string
}
