using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Golden recordings: an ended run as a signed file.</summary>
internal static class RecordingRoutes
{
    private const int SignatureMax = 10_000;

    internal static void MapRecordings(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/runs/{id}/recording", RecordAsync);
        routes.MapPost("/api/v1/recordings/sign", SignAsync);
    }

    [Needs("trace:read", OpenInDevelopment = true, Weight = 5)]
    private static async Task RecordAsync(HttpContext context)
    {
        var (recording, refusal) = await Recordings(context).RecordAsync(context.Caller(), RunRoutes.Id(context), context.RequestAborted) ?? throw RunRoutes.Unknown(context);
        if (recording is null) throw new RefusedException(refusal!);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("format", Recording.Format);
            writer.WriteString("file_name", recording.FileName);
            writer.WriteString("key_id", recording.KeyId);
            writer.WriteString("content", Encoding.UTF8.GetString(recording.Content));
            writer.WriteString("signature", recording.Signature);
            writer.WriteEndObject();
        });
    }

    [Needs("run:operate", OpenInDevelopment = true, Weight = 5)]
    private static async Task SignAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        if (body.TextOf("content") is not { Length: > 0 } content) throw RefusedException.Wrong("content is the text of a recording.");
        if (body.TextOf("signature") is not { Length: > 0 and <= SignatureMax } signature) throw RefusedException.Wrong($"signature is the text of the recording's signature file, at most {SignatureMax} characters.");
        var (line, key, refusal) = await Recordings(context).ResignAsync(Encoding.UTF8.GetBytes(content), signature, context.RequestAborted);
        if (line is null) throw new RefusedException(refusal!);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("key_id", key);
            writer.WriteString("signature", line);
            writer.WriteEndObject();
        });
    }

    private static IRecordings Recordings(HttpContext context) => context.RequestServices.GetRequiredService<IRecordings>();
}
