using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <param name="Content">A text, or any other JSON value, written as canonical JSON.</param>
internal sealed record FsWriteIn(string Path, JsonElement Content);

internal sealed record FsWriteOut(string Path, int BytesWritten, string ContentHash);

/// <summary>Writes a file of the workspace, whole or not at all: doing it again gives the same file.</summary>
internal sealed class FsWrite(Workspace workspace) : ISkill<FsWriteIn, FsWriteOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "fs_write",
        Version = "1.0.0",
        Description = "Writes a file of the workspace, replacing what was there. At most 10 MiB.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 100,
        FailureModes = [new("PERMISSION_DENIED", 0.05, "The path leads out of the workspace."), new("DISK_FULL", 0.01, "No space is left.")],
        StableFields = ["path", "bytes_written", "content_hash"],
        OftenFollowedBy = ["fs_read"],
        OftenPrecededBy = ["llm_invoke", "http_call"],
        Tags = ["file"],
    };

    public JsonTypeInfo<FsWriteIn> Input => SkillsJson.Default.FsWriteIn;

    public JsonTypeInfo<FsWriteOut> Output => SkillsJson.Default.FsWriteOut;

    public async Task<SkillAnswer<FsWriteOut>> InvokeAsync(FsWriteIn input, SkillCall call, CancellationToken cancel)
    {
        var (path, refused) = workspace.Resolve(input.Path);
        if (refused is not null) return new SkillAnswer<FsWriteOut>(null, refused);
        var bytes = input.Content.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(input.Content.GetString()!) : CanonicalJson.Bytes(input.Content);
        var partial = $"{path}.{call.IdempotencyKey[..Math.Min(16, call.IdempotencyKey.Length)].Replace('/', '_')}.part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write))
            {
                await file.WriteAsync(bytes, cancel);
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path!, overwrite: true);
        }
        catch (IOException e)
        {
            var code = e.HResult == 28 || e.Message.Contains("space", StringComparison.OrdinalIgnoreCase) ? "DISK_FULL" : "PERMISSION_DENIED";
            return new SkillAnswer<FsWriteOut>(null, FailureCatalog.Fail(code, $"{input.Path} could not be written: {e.Message}"));
        }
        catch (UnauthorizedAccessException e)
        {
            return new SkillAnswer<FsWriteOut>(null, FailureCatalog.Fail("PERMISSION_DENIED", $"{input.Path} could not be written: {e.Message}"));
        }

        return new SkillAnswer<FsWriteOut>(new FsWriteOut(input.Path, bytes.Length, ContentHash.Hex(bytes)), SideEffects: [new SideEffect("file_write", input.Path, true)]);
    }
}
