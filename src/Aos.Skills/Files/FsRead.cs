using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <param name="Format">text, or json: the content is parsed.</param>
internal sealed record FsReadIn(string Path, string Format = "text");

internal sealed record FsReadOut(JsonElement Content, long SizeBytes, string ContentHash);

/// <summary>Reads a file of the workspace.</summary>
internal sealed class FsRead(Workspace workspace) : ISkill<FsReadIn, FsReadOut>
{
    private const int FileBytesMax = 10 * 1024 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = "fs_read",
        Version = "1.0.0",
        Description = "Reads a UTF-8 file of the workspace, as text or JSON. At most 10 MiB.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 50,
        FailureModes = [new("FILE_NOT_FOUND", 0.05, "There is no such file."), new("PERMISSION_DENIED", 0.02, "The path leads out of the workspace.")],
        StableFields = ["content", "size_bytes", "content_hash"],
        OftenFollowedBy = ["llm_invoke", "json_transform"],
        OftenPrecededBy = ["fs_write"],
        AntiPatterns = ["Reading the same file again and again."],
        Tags = ["file"],
    };

    public JsonTypeInfo<FsReadIn> Input => SkillsJson.Default.FsReadIn;

    public JsonTypeInfo<FsReadOut> Output => SkillsJson.Default.FsReadOut;

    public async Task<SkillAnswer<FsReadOut>> InvokeAsync(FsReadIn input, SkillCall call, CancellationToken cancel)
    {
        var (path, refused) = workspace.Resolve(input.Path);
        if (refused is not null) return new SkillAnswer<FsReadOut>(null, refused);
        var file = new FileInfo(path!);
        if (!file.Exists) return Fail("FILE_NOT_FOUND", $"There is no file {input.Path} in the workspace.");
        if (file.Length > FileBytesMax) return Fail("INPUT_TOO_LARGE", $"{input.Path} has {file.Length} bytes, the limit is {FileBytesMax}.");
        var bytes = await File.ReadAllBytesAsync(path!, cancel);
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes);
            var content = input.Format == "json" ? Json.Parse(text) : Json.Of(text);
            return new SkillAnswer<FsReadOut>(new FsReadOut(content, bytes.Length, ContentHash.Hex(bytes)));
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException)
        {
            return Fail("INVALID_INPUT", $"{input.Path} is no {(e is JsonException ? "JSON" : "UTF-8 text")}: {e.Message}");
        }
    }

    private static SkillAnswer<FsReadOut> Fail(string code, string message) => new(null, FailureCatalog.Fail(code, message));
}
