using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record FsReadIn(
    [Description("Relative to the workspace.")] [StringLength(Workspace.PathMax, MinimumLength = 1)] string Path,
    [Description("json: the content is parsed.")] [AllowedValues("text", "json")] string Format = "text",
    [AllowedValues("utf-8", "utf-16", "ascii", "latin1", "base64")] string Encoding = "utf-8",
    [Description("Read no more than so many bytes."), Range(1, FsRead.FileBytesMax)] int MaxBytes = FsRead.FileBytesMax);

/// <param name="SizeBytes">Of the whole file.</param>
/// <param name="ContentHash">SHA-256 of the bytes that were read, 64 hex digits.</param>
internal sealed record FsReadOut(string Path, JsonElement Content, long SizeBytes, string Encoding, bool Truncated, string ContentHash);

/// <summary>Reads a file of the workspace.</summary>
internal sealed class FsRead(Workspace workspace) : ISkill<FsReadIn, FsReadOut>
{
    internal const int FileBytesMax = 10 * 1024 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = "fs_read",
        Version = "1.1.0",
        Description = "Reads a file of the workspace as text, JSON or base64; at most 10 MiB of it.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 50,
        FailureModes =
        [
            new("FILE_NOT_FOUND", 0.05, "There is no such file."), new("PERMISSION_DENIED", 0.02, "The path leads out of the workspace."),
            new("INVALID_INPUT", 0.01, "The content is not what encoding and format say."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("max_file_size_bytes", Json.Of(FileBytesMax))]),
        StableFields = ["path", "content", "size_bytes", "content_hash"],
        OftenFollowedBy = ["llm_invoke", "json_transform"],
        OftenPrecededBy = ["fs_write"],
        AntiPatterns = ["Reading the same file again and again."],
        FreeParams = ["path"],
        Tags = ["file"],
        OutputBytesMax = 4 * FileBytesMax,
    };

    public JsonTypeInfo<FsReadIn> Input => SkillsJson.Default.FsReadIn;

    public JsonTypeInfo<FsReadOut> Output => SkillsJson.Default.FsReadOut;

    public async Task<SkillAnswer<FsReadOut>> InvokeAsync(FsReadIn input, SkillCall call, CancellationToken cancel)
    {
        var (path, refused) = workspace.Resolve(input.Path);
        if (refused is not null) return new SkillAnswer<FsReadOut>(null, refused);
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous);
            if (workspace.Judge(file.SafeFileHandle, input.Path) is { } outside) return new SkillAnswer<FsReadOut>(null, outside);
            var size = file.Length;
            var bytes = new byte[Math.Min(size, input.MaxBytes)];
            var read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
            return Answer(input, bytes.AsSpan(0, read), size);
        }
        catch (Exception e) when (FileFailures.Knows(e))
        {
            return new SkillAnswer<FsReadOut>(null, Directory.Exists(path) ? Wrong($"{input.Path} is a folder.") : FileFailures.Of(e, input.Path));
        }
    }

    private static SkillAnswer<FsReadOut> Answer(FsReadIn input, ReadOnlySpan<byte> bytes, long size)
    {
        var truncated = bytes.Length < size;
        if (FileText.Read(bytes, input.Encoding, truncated) is not { } text) return new(null, Wrong($"{input.Path} is no {input.Encoding} text."));
        JsonElement content;
        try
        {
            content = input.Format == "json" ? Json.Parse(text) : Json.Of(text);
        }
        catch (JsonException e)
        {
            return new(null, Wrong($"{input.Path} is no JSON: {(truncated ? "it was cut at max_bytes" : e.Message)}"));
        }

        return new(new FsReadOut(input.Path, content, size, input.Encoding, truncated, ContentHash.Hex(bytes)));
    }

    private static Failure Wrong(string message) => FailureCatalog.Fail("INVALID_INPUT", message);
}
