// What is copied from here ends up in chats and issues.
const CREDENTIAL = /\boikos[a-z]*_[A-Za-z0-9_-]+/g;
const BEARER = /\b(bearer|basic)\s+[\w.~+/-]+=*/gi;
const USER_IN_ADDRESS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
// Behind the # of an address stand the secrets of links.
const BEHIND_HASH = /(https?:\/\/[^\s#]*)#\S+/g;

export function redact(text: string): string {
  return text
    .replace(CREDENTIAL, "«secret»")
    .replace(BEARER, "$1 «secret»")
    .replace(USER_IN_ADDRESS, "$1«secret»@")
    .replace(BEHIND_HASH, "$1#«secret»");
}
