using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record FsWriteIn(
    [Description("Relative to the workspace.")] [StringLength(Workspace.PathMax, MinimumLength = 1)] string Path,
    [Description("A text, or any other JSON value, written as canonical JSON.")] JsonElement Content,
    [AllowedValues("utf-8", "utf-16", "ascii", "latin1", "base64")] string Encoding = "utf-8",
    [Description("write replaces the file, whole or not at all; append adds to its end, and is never repeated on its own.")]
    [AllowedValues("write", "append")] string Mode = "write",
    [Description("Make the folders that are missing.")] bool CreateDirs = true);

/// <param name="SizeBytes">Of the file now.</param>
/// <param name="ContentHash">SHA-256 of the bytes that were written, 64 hex digits.</param>
internal sealed record FsWriteOut(string Path, int BytesWritten, long SizeBytes, string ContentHash);

/// <summary>Writes a file of the workspace, whole or not at all: doing it again gives the same file.</summary>
internal sealed class FsWrite(Workspace workspace) : ISkill<FsWriteIn, FsWriteOut>
{
    internal const int FileBytesMax = 10 * 1024 * 1024;

    public SkillContract Contract { get; } = new()
    {
        Name = "fs_write",
        Version = "1.1.0",
        Description = "Writes a file of the workspace: replaces it in one step, or appends to it. At most 10 MiB.",
        Effect = EffectClass.Idempotent,
        EffectParam = "mode",
        EffectByParam = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("APPEND", EffectClass.AtMostOnce)]),
        TypicalLatencyMs = 100,
        FailureModes =
        [
            new("PERMISSION_DENIED", 0.05, "The path leads out of the workspace, or the system refuses."), new("DISK_FULL", 0.01, "No space is left."),
            new("INPUT_TOO_LARGE", 0.005, "The file would be larger than accepted."), new("FILE_NOT_FOUND", 0.005, "The folder is missing, and create_dirs is false."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("max_file_size_bytes", Json.Of(FileBytesMax))]),
        StableFields = ["path", "bytes_written", "content_hash"],
        OftenFollowedBy = ["fs_read"],
        OftenPrecededBy = ["llm_invoke", "http_call"],
        FreeParams = ["path", "content"],
        Tags = ["file"],
        InputBytesMax = 2 * FileBytesMax,
    };

    public JsonTypeInfo<FsWriteIn> Input => SkillsJson.Default.FsWriteIn;

    public JsonTypeInfo<FsWriteOut> Output => SkillsJson.Default.FsWriteOut;

    public async Task<SkillAnswer<FsWriteOut>> InvokeAsync(FsWriteIn input, SkillCall call, CancellationToken cancel)
    {
        var (path, refused) = workspace.Resolve(input.Path);
        if (refused is not null) return new SkillAnswer<FsWriteOut>(null, refused);
        var text = input.Content.ValueKind == JsonValueKind.String ? input.Content.GetString()! : CanonicalJson.Text(input.Content);
        if (FileText.Write(text, input.Encoding) is not { } bytes) return Fail("INVALID_INPUT", $"The content cannot be written as {input.Encoding}.");
        if (bytes.Length > FileBytesMax) return Fail("INPUT_TOO_LARGE", $"The content has {bytes.Length} bytes, the limit is {FileBytesMax}.");
        if (Directory.Exists(path)) return Fail("INVALID_INPUT", $"{input.Path} is a folder.");
        try
        {
            if (input.CreateDirs) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var (size, failure) = input.Mode == "append" ? await AppendAsync(path, input.Path, bytes, cancel) : await ReplaceAsync(path, input.Path, bytes, call, cancel);
            if (failure is not null) return new SkillAnswer<FsWriteOut>(null, failure);
            return new SkillAnswer<FsWriteOut>(
                new FsWriteOut(input.Path, bytes.Length, size, ContentHash.Hex(bytes)), SideEffects: [new SideEffect("file_write", input.Path, true)]);
        }
        catch (Exception e) when (FileFailures.Knows(e))
        {
            return new SkillAnswer<FsWriteOut>(null, FileFailures.Of(e, input.Path));
        }
    }

    /// <summary>Writes beside the file and moves it over: a reader sees the old file or the new one, and a link in its place is replaced, not followed.</summary>
    private async Task<(long Size, Failure? Failure)> ReplaceAsync(string path, string asked, byte[] bytes, SkillCall call, CancellationToken cancel)
    {
        // The same name at every repeat: what a crash left behind is cleared away by the next try.
        var partial = $"{path}.{ContentHash.Hex(System.Text.Encoding.UTF8.GetBytes(call.IdempotencyKey))[..16]}.part";
        try
        {
            File.Delete(partial);
            await using (var file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                if (workspace.Judge(file.SafeFileHandle, asked) is { } outside) return (0, outside);
                await file.WriteAsync(bytes, cancel);
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
            return (bytes.Length, null);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private async Task<(long Size, Failure? Failure)> AppendAsync(string path, string asked, byte[] bytes, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        if (workspace.Judge(file.SafeFileHandle, asked) is { } outside) return (0, outside);
        if (file.Length + bytes.Length > FileBytesMax)
            return (0, FailureCatalog.Fail("INPUT_TOO_LARGE", $"{asked} would have {file.Length + bytes.Length} bytes, the limit is {FileBytesMax}."));
        file.Seek(0, SeekOrigin.End);
        await file.WriteAsync(bytes, cancel);
        file.Flush(flushToDisk: true);
        return (file.Length, null);
    }

    private static SkillAnswer<FsWriteOut> Fail(string code, string message) => new(null, FailureCatalog.Fail(code, message));
}
