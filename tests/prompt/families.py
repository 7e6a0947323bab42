"""Tiny tokenizers in the manner of the families that chat models come in, each with a template in its style."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CORPUS = ["Ahoy, mateys! What is a car? user assistant system model Is Paris in France? The cat sat on the mat. <|>[/]"]
ALL = ("chatml", "qwen3", "llama3", "gemma", "mistral", "mistral v1", "llama2", "phi3", "zephyr", "unigram", "words")

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
QWEN3 = (
    "{% for m in messages %}{% set said = m['content'] %}"
    "{% if m['role'] == 'assistant' %}"
    "{% set said = said.split('</think>')[-1].lstrip('\n') %}"
    "{% if loop.last %}{% set said = '<think>\n\n</think>\n\n' + said %}{% endif %}{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + said + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{% endif %}"
)
LLAMA3 = (
    "{% for m in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
    "{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}"
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else 'user') + '\n'"
    " + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
# The system prompt stands in the last question: a conversation that grows changes its beginning.
MISTRAL = (
    "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set turns = messages[1:] %}"
    "{% else %}{% set turns = messages %}{% endif %}{{ bos_token }}{% for m in turns %}{% if m['role'] == 'user' %}"
    "{% if loop.last and system is defined %}{{ '[INST] ' + system + '\n\n' + m['content'] + '[/INST]' }}"
    "{% else %}{{ '[INST] ' + m['content'] + '[/INST]' }}{% endif %}"
    "{% else %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}"
)
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set system = messages[0]['content'] %}"
    "{% else %}{% set turns = messages %}{% set system = false %}{% endif %}{% for m in turns %}"
    "{% if loop.first and system %}{% set said = '<<SYS>>\n' + system + '\n<</SYS>>\n\n' + m['content'] %}"
    "{% else %}{% set said = m['content'] %}{% endif %}"
    "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + said.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + said.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
PHI3 = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
ZEPHYR = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + eos_token + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Family:
    name: str
    tokenizer: Any

    @property
    def control(self) -> dict[str, int]:
        """Every control token and its id."""
        added = self.tokenizer.added_tokens_decoder.items()
        return {str(token): index for index, token in added if str(token)[0] in "<[" and str(token) != "<unk>"}


def family(name: str) -> Family:
    return Family(name, _MADE[name]())


def _chatml() -> Any:
    return _wrapped(_byte_level(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>"]), CHATML, "<|im_end|>")


def _qwen3() -> Any:
    """Thinking marks are added tokens that are not special; control tokens lie above the model's own vocabulary."""
    backend = _byte_level([])
    backend.add_special_tokens(
        [AddedToken(name, special=True) for name in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")]
    )
    backend.add_tokens([AddedToken(name, special=False) for name in ("<think>", "</think>", "<tool_call>")])
    return _wrapped(backend, QWEN3, "<|im_end|>")


def _llama3() -> Any:
    backend = _byte_level([], ignore_merges=True)
    names = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    return _wrapped(backend, LLAMA3, "<|eot_id|>", "<|begin_of_text|>")


def _gemma() -> Any:
    """Sentence pieces without a dummy prefix; runs of line ends are added tokens that belong to ordinary text."""
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    backend = _pieces(names, normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous"))
    backend.add_tokens([AddedToken(text, special=False, normalized=False) for text in ("\n\n", "▁▁", "<h1>")])
    return _wrapped(backend, GEMMA, "<eos>", "<bos>")


def _mistral() -> Any:
    names = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]"]
    backend = _pieces(names, None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))
    return _wrapped(backend, MISTRAL, "</s>", "<s>")


def _mistral_v1() -> Any:
    """[INST] is plain text."""
    prefix = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return _wrapped(_pieces(["<unk>", "<s>", "</s>"], prefix, None), MISTRAL, "</s>", "<s>")


def _llama2() -> Any:
    prefix = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return _wrapped(_pieces(["<unk>", "<s>", "</s>"], prefix, None), LLAMA2, "</s>", "<s>")


def _phi3() -> Any:
    """Control tokens take the white space that follows them."""
    backend = _pieces(["<unk>", "<s>", "</s>"], normalizers.Replace(" ", "▁"), None)
    names = ("<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>")
    backend.add_special_tokens([AddedToken(name, special=True, rstrip=True) for name in names])
    return _wrapped(backend, PHI3, "<|endoftext|>", "<s>")


def _zephyr() -> Any:
    """Roles are plain text."""
    return _wrapped(_byte_level(["<unk>", "<s>", "</s>"]), ZEPHYR, "</s>", "<s>")


def _unigram() -> Any:
    """Control tokens are pieces of the model, with the best score of all."""
    letters = sorted({letter for text in CORPUS for letter in text.replace(" ", "▁")})
    names = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
    vocabulary = [(name, 0.0) for name in names] + [(letter, -3.0) for letter in letters]
    backend = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    return _wrapped(backend, CHATML, "<|im_end|>", "<s>")


def _words() -> Any:
    """A whole word is looked up as it stands, control tokens too."""
    names = ["<unk>", "<|im_start|>", "<|im_end|>"]
    words = [*names, *["user", "assistant", "system", "Ahoy", "Hello", "there", "x"]]
    backend = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    return _wrapped(backend, CHATML, "<|im_end|>")


def _byte_level(names: Sequence[str], *, ignore_merges: bool = False) -> Tokenizer:
    backend = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    _train(backend, names, pre_tokenizers.ByteLevel.alphabet())
    return backend


def _pieces(names: Sequence[str], normalizer: Any, pre_tokenizer: Any) -> Tokenizer:
    backend = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    if normalizer is not None:
        backend.normalizer = normalizer
    if pre_tokenizer is not None:
        backend.pre_tokenizer = pre_tokenizer
    _train(backend, names, sorted({letter for text in CORPUS for letter in text.replace(" ", "▁") + "\n"}))
    return backend


def _train(backend: Tokenizer, names: Sequence[str], alphabet: Sequence[str]) -> None:
    special = [AddedToken(name, special=True) for name in names]
    trainer = trainers.BpeTrainer(
        vocab_size=360, special_tokens=special, initial_alphabet=sorted(alphabet), show_progress=False
    )
    backend.train_from_iterator(CORPUS * 4, trainer)


def _wrapped(backend: Tokenizer, template: str, eos: str, bos: str | None = None) -> Any:
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token=eos, bos_token=bos, chat_template=template
    )


_MADE = {
    "chatml": _chatml,
    "qwen3": _qwen3,
    "llama3": _llama3,
    "gemma": _gemma,
    "mistral": _mistral,
    "mistral v1": _mistral_v1,
    "llama2": _llama2,
    "phi3": _phi3,
    "zephyr": _zephyr,
    "unigram": _unigram,
    "words": _words,
}
