using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A provider's protocol: how to ask, and how to read the stream of the answer.</summary>
internal interface IModelWire
{
    /// <summary>Path below the endpoint's base URL.</summary>
    string Path { get; }

    void WriteHeaders(HttpRequestMessage message, ModelEndpoint endpoint);

    void WriteBody(Utf8JsonWriter writer, ModelEndpoint endpoint, ModelRequest request);

    /// <summary>Takes one event of the stream into the draft. Null, or why the answer is none.</summary>
    Failure? Take(string data, AnswerDraft draft, ModelEndpoint endpoint);
}

/// <summary>How a schema is asked for where the protocol has no field for it.</summary>
internal static class ShapeInstruction
{
    internal static string? Above(ModelRequest request) => request.Shape is not { } shape
        ? request.System
        : (request.System is null ? "" : request.System + "\n\n")
            + "Answer with one JSON value that fits the following JSON Schema, and with nothing else: no explanation, no code fence.\n" + shape.Source.GetRawText();
}
