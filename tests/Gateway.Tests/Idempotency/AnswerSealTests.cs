using NetDiscovery.Gateway.Idempotency;

namespace NetDiscovery.Gateway.Tests.Idempotency;

public sealed class AnswerSealTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(number => (byte)number)], Bound = [1, 2, 3], Answer = [9, 8, 7, 6];

    [Fact]
    public void A_sealed_answer_opens_with_its_key_and_what_it_belongs_to()
    {
        Assert.True(AnswerSeal.TryOpen(Key, Bound, AnswerSeal.Seal(Key, Bound, Answer), out var opened));
        Assert.Equal(Answer, opened);
    }

    [Fact]
    public void It_opens_for_nothing_else_and_not_when_any_byte_was_changed_or_is_missing()
    {
        var sealedAnswer = AnswerSeal.Seal(Key, Bound, Answer);
        Assert.False(AnswerSeal.TryOpen([.. Enumerable.Reverse(Key)], Bound, sealedAnswer, out _));
        Assert.False(AnswerSeal.TryOpen(Key, [1, 2], sealedAnswer, out _));
        for (var index = 0; index < sealedAnswer.Length; index++)
        {
            byte[] changed = [.. sealedAnswer];
            changed[index] ^= 1;
            Assert.False(AnswerSeal.TryOpen(Key, Bound, changed, out _), $"Byte {index} was changed.");
            Assert.False(AnswerSeal.TryOpen(Key, Bound, sealedAnswer[..index], out _), $"{index} bytes.");
        }
    }

    [Fact]
    public void Two_seals_of_one_answer_differ() => Assert.NotEqual(AnswerSeal.Seal(Key, Bound, Answer), AnswerSeal.Seal(Key, Bound, Answer));

    [Fact]
    public void A_recorded_answer_comes_back_as_it_was_written()
    {
        var answer = new RecordedAnswer(201, "application/json; charset=utf-8", "/v1/tenants/AC1", [1, 2, 3]);
        var read = RecordedAnswer.FromBytes(answer.ToBytes());
        Assert.Equal((answer.Status, answer.ContentType, answer.Location), (read.Status, read.ContentType, read.Location));
        Assert.Equal(answer.Body, read.Body);
    }
}
