using System.Text.Json.Serialization;

namespace Aos.Skills;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(EchoIn))]
[JsonSerializable(typeof(EchoOut))]
[JsonSerializable(typeof(JsonTransformIn))]
[JsonSerializable(typeof(JsonTransformOut))]
[JsonSerializable(typeof(FsReadIn))]
[JsonSerializable(typeof(FsReadOut))]
[JsonSerializable(typeof(FsWriteIn))]
[JsonSerializable(typeof(FsWriteOut))]
[JsonSerializable(typeof(HttpCallIn))]
[JsonSerializable(typeof(HttpCallOut))]
internal sealed partial class SkillsJson : JsonSerializerContext;
