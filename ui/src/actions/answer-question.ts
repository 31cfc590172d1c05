import { escapeText } from "@/text/escape";
import type { Deed } from "./action";

/** The question that has waited longest. */
const answerQuestion: Deed = ({ questions, say }) =>
  questions.slice(0, 1).map((question) => {
    const app = escapeText(question.app);
    const what = say(question.sentence);
    return {
      id: "answer-question",
      icon: "inbox",
      label: { en: `Answer ${app}: ${what}`, de: `${app} antworten: ${what}` },
      keywords: { en: "question approval allow deny", de: "frage freigabe erlauben ablehnen" },
      perform: ({ go }) => go("/approvals"),
    };
  });

export default answerQuestion;
