// The reader's language: what the bot calls its commands in it, and how moments are written.

export const LANGUAGES = {
  "en-US": "English",
  "es-ES": "Español",
  de: "Deutsch",
  fr: "Français",
  "pt-BR": "Português do Brasil",
  ja: "日本語",
};

let language = "en-US";

export const spoken = () => language;

export function speak(locale) {
  language = locale;
}

/** What a command, an option or a choice is called. */
export const called = (thing) => thing.name_localizations?.[language] || thing.name;
export const described = (thing) =>
  thing.description_localizations?.[language] || thing.description;
