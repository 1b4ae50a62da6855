// Package bypass takes large computed attributes past the plugin framework.
//
// In every call the framework decodes a resource's values, walks each of them
// several times with its path through the schema, and encodes them again. What a
// stack shows of twenty services are some five hundred values, none of which can
// be configured, and these walks took longer than reading and planning. A
// [Server] is in front of the framework's: it takes the attributes out of what
// Terraform sends, hands them to the resource as they are ([From]), and puts what
// the resource answers ([Values.Answer]) into what goes back. The framework sees
// them as null. See docs/adr/0021.
package bypass
